import * as fc from 'fast-check';
import t from 'tap';
import { FairQueue, MIN_MESSAGE_BYTES, SHARED_MS } from '../../relay/fair-queue.js';
import { formatLedger, parseLedger, type Ledger } from '../../wire/index.js';

const LEDGER = { v: 1, src: 'a', first: 10, count: 4, lost: 0, at: 1, node: 'n', offset: 50, transit: 0 };
const NOISY = 'tenant/noisy/a/';
const QUIET = 'tenant/quiet/a/';

function message(topic: string, bytes: number, more: Partial<Ledger> = {}): Buffer[] {
  return [topic, 'x'.repeat(bytes), formatLedger({ ...LEDGER, ...more } as Ledger)].map((frame) =>
    Buffer.from(frame),
  );
}

/** The topics of all that waits, in the order in which it is worked off. */
function workOff(queue: FairQueue): string[] {
  const topics: string[] = [];
  for (let frames = queue.shift(); frames !== undefined; frames = queue.shift())
    topics.push(String(frames[0]));
  return topics;
}

void t.test('who has little waits for a batch of each of the others, not for all of them', async (t) => {
  const queue = new FairQueue(1 << 30);
  for (let i = 0; i < 100; i += 1) queue.push(message(`tenant/noisy/${i}/`, 60_000), 0);
  queue.push(message(QUIET, 200), 0);
  queue.push(message('system/scheduler/', 200), 0);
  const topics = workOff(queue);
  t.equal(topics.length, 102);
  t.ok(topics.indexOf(QUIET) <= 3, 'a tenant with many containers has one turn');
  t.ok(topics.indexOf('system/scheduler/') <= 4);
  t.ok(queue.isEmpty);
  t.equal(queue.bytes, 0);
});

void t.test('a message that is larger than a turn takes the turns that it is worth', async (t) => {
  const queue = new FairQueue(1 << 30);
  for (let i = 0; i < 3; i += 1) queue.push(message(NOISY, 640_000), 0);
  for (let i = 0; i < 30; i += 1) queue.push(message(QUIET, 64 * 1024), 0);
  const between = workOff(queue).join(' ').split(NOISY);
  t.match(between[2]?.match(/quiet/g)?.length, 10);
});

void t.test('beyond its bytes the longest lane gives its oldest, and nobody else anything', async (t) => {
  const queue = new FairQueue(1_000_000);
  for (let i = 0; i < 50; i += 1) {
    queue.push(message(NOISY, 50_000, { first: i }), 0);
    queue.push(message(QUIET, 1_000, { first: i }), 0);
  }
  t.ok(queue.bytes <= 1_000_000);
  const left: number[] = [];
  let quiet = 0;
  for (let frames = queue.shift(); frames !== undefined; frames = queue.shift()) {
    if (String(frames[0]) === NOISY) left.push(parseLedger(frames[2]!)!.first);
    else quiet += 1;
  }
  t.equal(quiet, 50);
  t.equal(queue.dropped, 50 - left.length);
  t.strictSame(
    left,
    Array.from({ length: left.length }, (_, i) => 50 - left.length + i),
  );
});

void t.test(
  'a tenant that is alone is left in the pipes; beside others it is taken, and gives',
  async (t) => {
    const queue = new FairQueue(1_000_000);
    for (let i = 0; i < 18; i += 1) queue.push(message(NOISY, 50_000), 0);
    t.ok(queue.isFull(0));
    queue.push(message(QUIET, 200), 5);
    t.notOk(queue.isFull(5 + SHARED_MS));
    t.ok(queue.isFull(6 + SHARED_MS), 'until nobody has heard of the other for long');
    t.equal(queue.dropped, 0);
  },
);

void t.test('heartbeats and marks are spared, and so is the end of a source', async (t) => {
  const queue = new FairQueue(300_000);
  queue.push(message(NOISY, 0, { count: 0, first: 7 }), 0);
  queue.push(message(NOISY, 90_000, { fin: true }), 0);
  for (let i = 0; i < 9; i += 1) queue.push(message(NOISY, 90_000, { src: 'b' }), 0);
  const [heartbeat, end] = [queue.shift(), queue.shift()];
  t.match(parseLedger(heartbeat![2]!), { first: 7, count: 0 });
  t.equal(end![1]!.length, 0);
  t.match(parseLedger(end![2]!), { first: 14, count: 0, offset: 54, fin: true });
});

void t.test('threat: what is spared is bounded, too', async (t) => {
  const queue = new FairQueue(100 * MIN_MESSAGE_BYTES);
  for (let i = 0; i < 1_000; i += 1) queue.push(message(`tenant/t${i % 7}/a/`, 0, { count: 0, first: i }), 0);
  t.ok(queue.bytes <= 100 * MIN_MESSAGE_BYTES);
  t.equal(workOff(queue).length + queue.dropped, 1_000);
});

void t.test('whatever comes, each stream keeps its order and nothing is lost uncounted', async () => {
  const messages = fc.array(
    fc.record({
      tenant: fc.integer({ min: 0, max: 3 }),
      bytes: fc.constantFrom(0, 10, 5_000, 70_000),
      takes: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(messages, (all) => {
      const queue = new FairQueue(200_000);
      const seen = new Map<string, number>();
      let came = 0;
      let isInOrder = true;
      const take = () => {
        const frames = queue.shift();
        if (frames === undefined) return false;
        const topic = String(frames[0]);
        const { first } = parseLedger(frames[2]!)!;
        isInOrder &&= first > (seen.get(topic) ?? -1);
        seen.set(topic, first);
        came += 1;
        return true;
      };
      for (const [first, { tenant, bytes, takes }] of all.entries()) {
        queue.push(message(`tenant/t${tenant}/a/`, bytes, { first, count: bytes === 0 ? 0 : 1 }), 0);
        for (let i = 0; i < takes; i += 1) take();
      }
      while (take());
      return isInOrder && came + queue.dropped === all.length && queue.bytes === 0;
    }),
  );
});

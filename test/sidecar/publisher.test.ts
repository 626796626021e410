import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { SourceAccount } from '../../accounting/index.js';
import type { InterestState } from '../../sidecar/interest.js';
import { resolveSidecarOptions, type SidecarOptions } from '../../sidecar/options.js';
import { Publisher, type PublisherEvents } from '../../sidecar/publisher.js';
import { formatPresence, formatTopic } from '../../wire/index.js';
import { freePorts } from '../support/ports.js';
import { Inbox, linesOf, Peer, type Received } from '../support/zmq.js';

const topic = { class: 'tenant', tenant: 'acme', container: 'web-1' } as const;
const TOPIC = formatTopic(topic);

/** A compiled module, for a process of its own. */
const built = (name: string) => new URL(`../../dist/sidecar/${name}.js`, import.meta.url).href;

/** No heartbeat in the time of a test, unless it asks for one. */
const QUIET = 600_000;

function publish(
  t: { teardown(handler: () => unknown): void },
  to: string,
  options: Partial<SidecarOptions> = {},
  events: PublisherEvents = {},
) {
  const states = new Inbox<InterestState>();
  const publisher = new Publisher(
    resolveSidecarOptions({ topic, to, heartbeat: QUIET, flushTimeout: 10_000, ...options }),
    {
      ...events,
      onInterest: (state) => {
        states.put(state);
        events.onInterest?.(state);
      },
    },
  );
  t.teardown(() => publisher.close());
  const push = (...records: string[]) => {
    publisher.queue.push(
      Buffer.from(records.map((record) => `${record}\n`).join('')),
      records.length,
      Date.now(),
    );
    publisher.kick();
  };
  const becomes = (state: InterestState) => states.until((states) => states.at(-1) === state);
  return { publisher, push, becomes };
}

/** What a receiver's account makes of these messages. */
function accountFor(messages: readonly Received[], account = new SourceAccount()) {
  const sum = { seen: 0, sidecar: 0, consolidator: 0, here: 0 };
  for (const { ledger } of messages) {
    const observed = account.observe(ledger);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += observed[key];
  }
  return sum;
}

const ended = (messages: readonly Received[]) => messages.at(-1)?.ledger.fin === true;

void t.test('the first message is a heartbeat with the number to begin from, the last is fin', async (t) => {
  const peer = await Peer.bind(t, { streams: ['tenant/acme/'] });
  const { publisher, push } = publish(t, peer.endpoint);
  push('a', 'b');
  await peer.inbox.until((messages) => linesOf(messages).length === 2);
  push('c');
  t.equal(await publisher.close(), 0);
  const messages = await peer.inbox.until(ended);
  const { src } = messages[0]?.ledger ?? {};
  t.match(src, /^[0-9a-f-]{36}$/);
  t.match(messages, [
    { topic: TOPIC, lines: [], ledger: { src, first: 0, count: 0, lost: 0, beat: QUIET } },
    { topic: TOPIC, lines: ['a', 'b'], ledger: { src, first: 0, count: 2, lost: 0 } },
    { topic: TOPIC, lines: ['c'], ledger: { src, first: 2, count: 1, lost: 0 } },
    { topic: TOPIC, lines: [], ledger: { src, first: 3, count: 0, lost: 0, fin: true } },
  ]);
  t.match(publisher.stats, { sent: 3, unread: 0, messages: 2, bytes: 6 });
});

void t.test(
  'the one line of a short run is delivered to who was there before, 100 runs of 100',
  async (t) => {
    const peer = await Peer.bind(t, { streams: [TOPIC] });
    for (let run = 0; run < 100; run += 1) {
      const { publisher, push } = publish(t, peer.endpoint);
      push(`run ${run}`);
      t.equal(await publisher.close(), 0);
    }
    const messages = await peer.inbox.until(
      (messages) => messages.filter(({ ledger }) => ledger.fin).length === 100,
    );
    t.strictSame(
      linesOf(messages).toSorted(),
      Array.from({ length: 100 }, (_, run) => `run ${run}`).toSorted(),
    );
  },
);

void t.test('while nobody reads nothing is sent, and what was held is counted as unread', async (t) => {
  const peer = await Peer.bind(t, { streams: ['tenant/acme2/', 'system/'] });
  const { publisher, push, becomes } = publish(t, peer.endpoint);
  push('held', 'until', 'it is known');
  t.equal(publisher.interest, 'unknown');
  t.equal(publisher.queue.records, 3);
  await becomes('unread');
  t.match(publisher.stats, { sent: 0, unread: 3 });
  push('built all the same');
  t.match(publisher.stats, { sent: 0, unread: 4 });
  t.equal(publisher.queue.records, 0);
  await peer.subscribe(TOPIC);
  await becomes('read');
  push('read');
  const messages = await peer.inbox.until((messages) => linesOf(messages).length === 1);
  t.match(messages, [
    { lines: [], ledger: { first: 4, count: 0, lost: 0 } },
    { lines: ['read'], ledger: { first: 4, count: 1, lost: 0 } },
  ]);
  await peer.unsubscribe(TOPIC);
  await becomes('unread');
  push('unread again');
  t.equal(await publisher.close(), 0, 'nothing is given up, and nobody waited for');
  t.match(publisher.stats, { sent: 1, unread: 5 });
});

void t.test('a queue that blocks is relieved when it turns out that nobody reads', async (t) => {
  const peer = await Peer.bind(t);
  const drained = new Inbox<number>();
  const { publisher, push } = publish(
    t,
    peer.endpoint,
    { overflow: 'block', hwm: 2 },
    { onDrain: () => drained.put(1) },
  );
  push('a', 'b');
  t.ok(publisher.queue.full);
  await drained.until(({ length }) => length > 0);
  t.equal(publisher.interest, 'unread');
  t.notOk(publisher.queue.full);
});

void t.test('a record that is pushed in whatever step of another’s sending goes out at once', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC] });
  const STEPS = 12;
  let pushed = 0;
  const { push } = publish(
    t,
    peer.endpoint,
    {},
    {
      onDrain: () => {
        if (pushed === STEPS) return;
        pushed += 1;
        const later = (steps: number) =>
          queueMicrotask(() => (steps === 0 ? push(`step ${pushed}`) : later(steps - 1)));
        later(pushed);
      },
    },
  );
  push('step 0');
  const messages = await peer.inbox.until((messages) => linesOf(messages).length === STEPS + 1);
  t.strictSame(
    linesOf(messages),
    Array.from({ length: STEPS + 1 }, (_, step) => `step ${step}`),
  );
});

for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
  void t.test(
    `a peer that does not read costs bounded memory, and every loss is told: ${overflow}`,
    async (t) => {
      const peer = await Peer.bind(t, { streams: [TOPIC], receiveHwm: 1 });
      const { publisher, push } = publish(t, peer.endpoint, { overflow, hwm: 500 });
      await peer.inbox.until(({ length }) => length > 0);
      peer.pause();
      const filler = 'x'.repeat(600);
      // The kernel and libzmq hold some megabytes before the pipe is full.
      while (publisher.queue.lost < 1_000) {
        const { next } = publisher.queue;
        push(...Array.from({ length: 100 }, (_, i) => `${next + i} ${filler}`));
        t.ok(publisher.queue.records <= 500);
        await nextTurn();
      }
      peer.resume();
      t.equal(await publisher.close(), 0);
      const messages = await peer.inbox.until(ended);
      const { next, lost } = publisher.queue;
      t.strictSame(accountFor(messages), { seen: 0, sidecar: lost, consolidator: 0, here: 0 });
      t.equal(linesOf(messages).length, next - lost);
      t.equal(publisher.stats.sent, next - lost);
      for (const { lines, ledger } of messages) {
        const numbers = lines.map((line) => Number.parseInt(line, 10));
        t.strictSame(
          numbers,
          Array.from({ length: ledger.count }, (_, i) => ledger.first + i),
        );
      }
    },
  );
}

void t.test('block loses nothing: it is full until the peer reads on', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC], receiveHwm: 1 });
  const drained = new Inbox<number>();
  const { publisher, push } = publish(
    t,
    peer.endpoint,
    { overflow: 'block', hwm: 500 },
    { onDrain: () => drained.put(1) },
  );
  await peer.inbox.until(({ length }) => length > 0);
  peer.pause();
  const filler = 'x'.repeat(60_000);
  while (!publisher.queue.full) {
    push(filler);
    if (publisher.queue.next % 10 === 0) await nextTurn();
  }
  const before = drained.items.length;
  peer.resume();
  await drained.until(({ length }) => length > before);
  t.equal(await publisher.close(), 0);
  const messages = await peer.inbox.until(ended);
  t.strictSame(accountFor(messages), { seen: 0, sidecar: 0, consolidator: 0, here: 0 });
  t.equal(linesOf(messages).length, publisher.queue.next);
});

void t.test('a source with nothing to say says how far it is', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC] });
  const { push } = publish(t, peer.endpoint, { heartbeat: 10 });
  push('a');
  const messages = await peer.inbox.until(({ length }) => length >= 5);
  for (const { lines, ledger } of messages.slice(2)) {
    t.strictSame(lines, []);
    t.match(ledger, { first: 1, count: 0, lost: 0, beat: 10 });
  }
});

void t.test('with nobody there a run ends at the flush timeout and tells how many it gave up', async (t) => {
  const [port] = await freePorts(1);
  const { publisher, push } = publish(t, `tcp://127.0.0.1:${port}`, { flushTimeout: 60 });
  push('a', 'b', 'c');
  const before = performance.now();
  t.equal(await publisher.close(), 3);
  t.ok(performance.now() - before >= 59);
  t.match(publisher.stats, { sent: 0, unread: 0 });
});

void t.test('losses of the queue count as untold until a ledger has said them', async (t) => {
  const [port] = await freePorts(1);
  const to = `tcp://127.0.0.1:${port}`;
  const { publisher, push, becomes } = publish(t, to, { hwm: 2 });
  push('a', 'b', 'c', 'd', 'e');
  t.match(publisher.stats, { untold: 3 });
  const peer = await Peer.bind(t, { endpoint: to, streams: [TOPIC] });
  await becomes('read');
  t.equal(await publisher.close(), 0);
  const messages = await peer.inbox.until(ended);
  t.equal(accountFor(messages).sidecar, 3);
  t.match(publisher.stats, { sent: 2, untold: 0 });
});

void t.test('what is given up and what was sent are all there was', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC] });
  const { publisher, becomes } = publish(t, peer.endpoint, { flushTimeout: 0, batchBytes: 1 });
  await becomes('read');
  for (const body of ['a\n', 'b\n', 'c\n']) publisher.queue.push(Buffer.from(body), 1, 0);
  const abandoned = await publisher.close();
  t.ok(abandoned > 0, 'there was no time for all');
  t.equal(abandoned + publisher.stats.sent, 3);
});

void t.test('closing twice is closing once', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC] });
  const { publisher, push } = publish(t, peer.endpoint);
  push('a');
  t.strictSame(await Promise.all([publisher.close(), publisher.close()]), [0, 0]);
  t.equal(await publisher.close(), 0);
  const messages = await peer.inbox.until(ended);
  t.equal(messages.filter(({ ledger }) => ledger.fin).length, 1);
  push('too late');
  t.equal(publisher.stats.sent, 1);
});

void t.test(
  'through a restart of the consolidator, what was held is delivered and what was not is told',
  async (t) => {
    const peer = await Peer.bind(t, { streams: [TOPIC] });
    const { publisher, push, becomes } = publish(t, peer.endpoint);
    push('a', 'b');
    await peer.inbox.until((messages) => linesOf(messages).length === 2);
    const number = () => `${publisher.queue.next}`;
    await peer.close();
    // Some of these may go into the pipe of a connection whose end has not been seen yet.
    while (publisher.interest === 'read') {
      push(number());
      await nextTurn();
    }
    for (let i = 0; i < 100; i += 1) push(number());
    const again = await Peer.bind(t, { endpoint: peer.endpoint, streams: [TOPIC] });
    await becomes('read');
    push('back');
    t.equal(await publisher.close(), 0);
    await again.inbox.until(ended);
    const before = linesOf(peer.inbox.items).length;
    const lines = linesOf(again.inbox.items);
    t.strictSame(lines.slice(-101), [
      ...Array.from({ length: 100 }, (_, i) => `${publisher.queue.next - 101 + i}`),
      'back',
    ]);
    // One account over both: this is what a relay sees.
    const account = accountFor([...peer.inbox.items, ...again.inbox.items]);
    t.strictSame({ ...account, here: 0 }, { seen: 0, sidecar: 0, consolidator: 0, here: 0 });
    t.equal(before + lines.length + account.here, publisher.queue.next);
  },
);

void t.test('an account says where it began, and under whom, through a restart of its peer', async (t) => {
  const peer = await Peer.bind(t, { streams: [TOPIC, formatPresence('A')] });
  const { publisher, push, becomes } = publish(t, peer.endpoint, { heartbeat: 5 });
  await becomes('read');
  push('0', '1');
  // Who it is may be said a moment after something was asked for; a heartbeat later it is.
  const [told] = (await peer.inbox.until((messages) => messages.some(({ ledger }) => ledger.origin)))
    .map(({ ledger }) => ledger.origin)
    .filter((origin) => origin !== undefined);
  t.match(told, [0, 0, Number, 'A']);
  const { endpoint } = peer;
  await peer.close();
  await becomes('unknown');
  const again = await Peer.bind(t, { endpoint, streams: [TOPIC, formatPresence('B')] });
  const [greeting] = await again.inbox.until(({ length }) => length > 0);
  t.strictSame(greeting?.ledger.origin, told, 'it is still owed from there on');
  await again.unsubscribe(TOPIC);
  await becomes('unread');
  await again.subscribe(TOPIC);
  await becomes('read');
  const messages = await again.inbox.until((all) => all.at(-1)?.ledger.origin?.[3] === 'B');
  t.match(messages.at(-1)?.ledger.origin, [publisher.queue.next, 0, Number, 'B'], 'a new account');
});

void t.test('what the queue drops while nobody is there is told to who comes first', async (t) => {
  const [port] = await freePorts(1);
  const endpoint = `tcp://127.0.0.1:${port}`;
  const { publisher, push } = publish(t, endpoint, { hwm: 3 });
  for (let i = 0; i < 10; i += 1) push(`${i}`);
  t.equal(publisher.queue.lost, 7);
  const peer = await Peer.bind(t, { endpoint, streams: [TOPIC] });
  t.equal(await publisher.close(), 0);
  const messages = await peer.inbox.until(ended);
  t.strictSame(linesOf(messages), ['7', '8', '9']);
  t.strictSame(accountFor(messages), { seen: 0, sidecar: 7, consolidator: 0, here: 0 });
});

void t.test(
  'a process held up during a restart hears the new consolidator, and not the end of the old',
  async (t) => {
    const state = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(new URL('../support/restarting-peer.ts', import.meta.url), {
      workerData: { state, topic: TOPIC },
    });
    const [endpoint] = (await once(worker, 'message')) as [string];
    const states: InterestState[] = [];
    const { publisher, becomes } = publish(t, endpoint, {}, { onInterest: (state) => states.push(state) });
    await becomes('read');
    worker.postMessage('go');
    Atomics.wait(state, 0, 0);
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    t.equal(publisher.interest, 'read');
    t.strictSame(states, ['read', 'unknown', 'read'], 'and greets it');
    worker.postMessage('end');
    await once(worker, 'exit');
  },
);

void t.test('an endpoint that is none is refused with a sentence', async (t) => {
  t.throws(() => publish(t, 'nonsense'), {
    name: 'SidecarError',
    code: 'endpoint',
    message: /Cannot connect to "nonsense": give a ZeroMQ endpoint such as tcp/,
  });
});

void t.test('once closed, nothing keeps the process alive', async (t) => {
  const [port] = await freePorts(1);
  const script = `
    import { Publisher } from ${JSON.stringify(built('publisher'))};
    import { resolveSidecarOptions } from ${JSON.stringify(built('options'))};
    const topic = { class: 'system', component: 'x' };
    const to = 'tcp://127.0.0.1:${port}';
    const publisher = new Publisher(resolveSidecarOptions({ topic, to, flushTimeout: 20 }));
    publisher.queue.push(Buffer.from('{}\\n'), 1, 0);
    console.log(await publisher.close());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  t.equal(stdout, '1\n');
});

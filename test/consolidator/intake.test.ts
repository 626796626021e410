import fc from 'fast-check';
import t from 'tap';
import { Intake, type IntakeOptions } from '../../consolidator/index.js';
import { formatLedger, parseLedger, type Ledger, type Refusal } from '../../wire/index.js';
import { ledger as anyLedger } from '../wire/arbitraries.js';

const TOPIC = 'tenant/acme/web-1/';

function intake(options: Partial<IntakeOptions> = {}): Intake {
  return new Intake({ maxBodyBytes: 1_000, maxSources: 100, isRead: () => true, ...options });
}

function frames(topic: string, body: string | Buffer, ledger?: string | Partial<Ledger>): Buffer[] {
  const tail =
    ledger === undefined
      ? []
      : [typeof ledger === 'string' ? Buffer.from(ledger) : formatLedger(full(ledger))];
  return [Buffer.from(topic, 'latin1'), Buffer.from(body), ...tail];
}

function full(ledger: Partial<Ledger>): Ledger {
  return { v: 1, src: 'src', first: 0, count: 0, lost: 0, at: 5, ...ledger };
}

/** `count` records that say their numbers. */
function batch(first: number, count: number, ledger: Partial<Ledger> = {}, topic = TOPIC): Buffer[] {
  const body = Array.from({ length: count }, (_, i) => `{"n":${first + i}}\n`).join('');
  return frames(topic, body, { first, count, ...ledger });
}

void t.test('a ledger is rewritten: node, offset, transit and the losses so far', async (t) => {
  const subject = intake();
  t.match(subject.node, /^[\w-]{8}$/);
  const { node } = subject;
  const [, body] = batch(7, 3);
  t.strictSame(subject.accept(batch(7, 3, { lost: 2, beat: 9 }), 0), {
    name: TOPIC,
    body,
    ledger: {
      v: 1,
      src: 'src',
      first: 7,
      count: 3,
      lost: 2,
      at: 5,
      beat: 9,
      node,
      offset: 0,
      transit: 0,
      begin: [7, 2, 0],
    },
    sidecar: 0,
    transit: 0,
    source: { src: 'src', begin: [7, 2, 0], origin: undefined },
  });
  // 10 to 14 are missing: 3 were lost before they were sent, 2 on the way. That takes an offset of its own.
  t.match(subject.accept(batch(15, 1, { lost: 5 }), 0), {
    ledger: { first: 15, lost: 7, transit: 2, offset: 4 },
    sidecar: 3,
    transit: 2,
  });
  t.match(subject.accept(batch(17, 1, { lost: 5 }), 0)?.ledger, {
    first: 17,
    lost: 8,
    transit: 3,
    offset: 6,
  });
  t.match(subject.accept(batch(18, 0, { lost: 5, fin: true }), 0)?.ledger, {
    count: 0,
    lost: 8,
    fin: true,
    offset: 7,
  });
  t.match(subject.stats, { messages: 4, records: 5, lostInTransit: 3, duplicates: 0, unread: 0 });
  t.equal(subject.offset, 7);
  t.equal(subject.sources, 0, 'the source has said fin');
});

void t.test('where an account begins is said for a minute, and begins anew with the account', async (t) => {
  const subject = intake();
  subject.accept(batch(0, 4, {}, 'system/scheduler/'), 0);
  const begins = [
    subject.accept(batch(7, 1, { lost: 2 }), 1_000),
    subject.accept(batch(9, 1, { lost: 2 }), 60_999),
    subject.accept(batch(10, 1, { lost: 2 }), 61_000),
    subject.accept(batch(11, 1, { lost: 2, fin: true }), 61_000),
    subject.accept(batch(0, 1, { begin: [0, 0, 5] }), 61_000),
    subject.accept(frames('tenant/acme/old/', 'text\n'), 61_000),
  ].map((accepted) => accepted?.ledger.begin);
  t.strictSame(begins, [[7, 2, 4], [7, 2, 4], undefined, undefined, [0, 0, 9], [0, 0, 10]]);
});

void t.test('what a source sent to the run before this one was lost with it', async (t) => {
  const subject = intake();
  const origin = [2, 1, 1_790_000_000_000, 'predecessor'] as const;
  const ledger = subject.accept(batch(9, 1, { lost: 4, origin }), 0)?.ledger;
  t.match(ledger, { first: 9, lost: 4, transit: 0, begin: [9, 4, 0], origin }, 'its own account begins here');
  subject.accept(batch(10, 1, { lost: 4, origin }), 0);
  t.match(subject.stats, { lostInTransit: 4, lostUpstream: 3 }, 'counted once');
});

void t.test('a run that has forgotten sources takes none from before that for new', async (t) => {
  const subject = intake();
  subject.accept(batch(0, 1, { src: 'other' }), 0);
  subject.leave('', () => false);
  const before = subject.accept(batch(9, 1, { origin: [0, 0, 1, 'A'] }), 0)?.ledger;
  t.equal(before?.origin, undefined);
  const origin = [0, 0, Date.now() + 60_000, 'A'] as const;
  t.strictSame(subject.accept(batch(9, 1, { src: 'new', origin }), 0)?.ledger.origin, origin);
  t.equal(subject.stats.lostInTransit, 9, 'of the new one');
});

void t.test('a mark has an offset of its own', async (t) => {
  const subject = intake();
  const { node } = subject;
  subject.accept(batch(0, 2), 0);
  const said = { at: 7, holds: true, up: 5 };
  t.strictSame(subject.mark('system/', said), { prefix: 'system/', node, offset: 2, ...said });
  t.match(subject.accept(batch(2, 1), 0)?.ledger, { offset: 3 });
});

void t.test('offsets run on over all topics', async (t) => {
  const subject = intake();
  const offsets = [
    batch(0, 2),
    batch(0, 3, {}, 'system/scheduler/'),
    frames('tenant/acme/old/', 'plain\ntext\n'),
    batch(2, 1),
  ].map((message) => subject.accept(message, 0)?.ledger.offset);
  t.strictSame(offsets, [0, 2, 5, 7]);
  t.equal(subject.offset, 8);
});

void t.test('what was seen is trimmed, and a message of nothing else is not forwarded', async (t) => {
  const subject = intake();
  subject.accept(batch(0, 5), 0);
  const overlap = subject.accept(batch(3, 4), 0);
  t.match(overlap?.ledger, { first: 5, count: 2, offset: 5 });
  t.equal(String(overlap?.body), '{"n":5}\n{"n":6}\n');
  t.equal(subject.accept(batch(3, 4), 0), undefined);
  t.match(subject.stats, { duplicates: 6, records: 7, messages: 2 });
  t.equal(subject.offset, 7);
});

void t.test('the same source under another topic is another source', async (t) => {
  const subject = intake();
  subject.accept(batch(0, 5), 0);
  t.match(subject.accept(batch(100, 1, {}, 'tenant/evil/x/'), 0)?.ledger, { transit: 0 });
  t.match(subject.accept(batch(5, 1), 0)?.ledger, { transit: 0 });
  t.equal(subject.sources, 2);
});

void t.test('a message of two frames is adopted: this consolidator is its source', async (t) => {
  const subject = intake();
  const first = subject.accept(frames('tenant/acme/old/', '{"a":1}\nplain'), 0);
  const lines = String(first?.body).split('\n');
  t.equal(lines[0], '{"a":1}');
  t.match(JSON.parse(lines[1] as string), {
    name: 'old',
    level: 30,
    msg: 'plain',
    pid: 0,
    v: 0,
    hostname: String,
    time: /Z$/,
  });
  t.match(first?.ledger, { first: 0, count: 2, lost: 0, transit: 0, offset: 0, node: subject.node });
  const second = subject.accept(frames('tenant/acme/old/', Buffer.from([0xff, 0x00, 0x0a])), 0);
  t.equal((JSON.parse(String(second?.body)) as { msg: string }).msg, '\ufffd\0');
  t.match(second?.ledger, { src: first?.ledger.src, first: 2, count: 1, offset: 2 });
  t.not(subject.accept(frames('system/old/', 'x'), 0)?.ledger.src, first?.ledger.src);
});

void t.test('threat: a message that grows over the limit when it is adopted is refused', async (t) => {
  const subject = intake();
  t.equal(subject.accept(frames(TOPIC, '\n'.repeat(100)), 0), undefined);
  t.match(subject.stats, { messages: 0, refused: { size: 1 } });
});

const OVER = 2 ** 48 + 1;
const refusals: readonly [threat: string, message: Buffer[], word: Refusal][] = [
  ['no frame', [], 'frames'],
  ['one frame', [Buffer.from(TOPIC)], 'frames'],
  ['four frames', [...batch(0, 1), Buffer.alloc(0)], 'frames'],
  ['a topic that climbs', frames('tenant/../x/', 'x'), 'topic'],
  ['a tenant for a topic', frames('tenant/acme/', 'x'), 'topic'],
  ['a topic without its end', frames('tenant/acme/web-1', 'x'), 'topic'],
  ['a topic with control characters', frames('tenant/acme/we\x00b\n/', 'x'), 'topic'],
  ['a topic with the bytes of another alphabet', frames('tenant/acme/w\xe9b/', 'x'), 'topic'],
  ['a topic of a megabyte', frames(`tenant/acme/${'x'.repeat(1 << 20)}/`, 'x'), 'topic'],
  ['a body over the limit', frames(TOPIC, 'x'.repeat(1_001)), 'size'],
  ['nothing to adopt', frames(TOPIC, ''), 'body'],
  ['records without an end', frames(TOPIC, '{}', { count: 1 }), 'body'],
  ['a heartbeat with a body', frames(TOPIC, '{}\n', { count: 0 }), 'body'],
  ['more records than bytes', frames(TOPIC, '{}\n', { count: 2 }), 'body'],
  ['a ledger that is not JSON', frames(TOPIC, '{}\n', '{"v":1,'), 'ledger'],
  ['a ledger of binary', [...frames(TOPIC, '{}\n'), Buffer.from([0, 0xff, 0xfe])], 'ledger'],
  ['a ledger that is a list', frames(TOPIC, '{}\n', '[]'), 'ledger'],
  [
    'a ledger of no version',
    frames(TOPIC, '{}\n', '{"src":"a","first":0,"count":1,"lost":0,"at":0}'),
    'ledger',
  ],
  ['a negative number', frames(TOPIC, '{}\n', { first: -1, count: 1 }), 'ledger'],
  ['a fraction', frames(TOPIC, '{}\n', { first: 0.5, count: 1 }), 'ledger'],
  ['a number that is huge', frames(TOPIC, '{}\n', { first: OVER, count: 1 }), 'ledger'],
  ['more lost than numbered', frames(TOPIC, '{}\n', { count: 1, lost: 1 }), 'ledger'],
  ['a source that breaks out of its string', frames(TOPIC, '{}\n', { src: 'a"b', count: 1 }), 'ledger'],
  ['a ledger of a megabyte', frames(TOPIC, '{}\n', ' '.repeat(1 << 20)), 'ledger'],
];

for (const [threat, message, word] of refusals) {
  void t.test(`threat: ${threat} is refused as ${word}`, async (t) => {
    const subject = intake();
    subject.accept(batch(0, 1), 0);
    t.equal(subject.accept(message, 0), undefined);
    t.equal(subject.stats.refused[word], 1);
    t.equal(
      Object.values(subject.stats.refused).reduce((a, b) => a + b),
      1,
    );
    t.match(
      subject.accept(batch(1, 1), 0)?.ledger,
      { first: 1, transit: 0, offset: 1 },
      'and nothing else happens',
    );
  });
}

void t.test('threat: a sender says that it is a consolidator, and is not believed', async (t) => {
  const subject = intake();
  subject.accept(batch(0, 1, { node: 'other', offset: 99, transit: 0 }), 0);
  const forwarded = subject.accept(
    batch(10, 1, { lost: 9, node: 'another', offset: 99, transit: 9 }),
    0,
  )?.ledger;
  t.match(forwarded, { node: subject.node, offset: 2, lost: 9, transit: 0 });
});

void t.test('a further source beyond the limit is refused until one has ended', async (t) => {
  const subject = intake({ maxSources: 2 });
  const first = (src: string) => subject.accept(batch(0, 1, { src }, `tenant/acme/${src}/`), 0);
  t.ok(first('a'));
  t.ok(first('b'));
  t.equal(first('c'), undefined);
  t.equal(subject.stats.refused.limit, 1);
  subject.accept(batch(1, 0, { src: 'a', fin: true }, 'tenant/acme/a/'), 0);
  t.ok(first('c'));
  t.equal(subject.sources, 2);
});

void t.test('what nobody asks for is not let through, and opens no account', async (t) => {
  let read = true;
  const subject = intake({ isRead: () => read });
  subject.accept(batch(0, 1), 0);
  read = false;
  subject.leave('tenant/acme/', () => read);
  t.equal(subject.accept(batch(1, 4), 0), undefined, 'under way when the reader left');
  t.equal(subject.accept(frames(TOPIC, 'plain'), 0), undefined);
  t.match(subject.stats, { unread: 2, messages: 1, records: 1 });
  t.equal(subject.sources, 0);
  read = true;
  t.match(subject.accept(batch(50, 1), 0)?.ledger, { lost: 0, transit: 0, offset: 1 });
  t.equal(subject.stats.lostInTransit, 0);
});

void t.test(
  'a source that keeps its promise of a heartbeat is kept, one that breaks it for long is forgotten',
  async (t) => {
    const subject = intake();
    subject.accept(batch(0, 1, { beat: 1_000 }), 0);
    subject.accept(frames('system/old/', 'plain'), 0);
    t.equal(subject.sweep(60_000), 0);
    t.equal(subject.sweep(60_001), 1);
    t.equal(subject.sources, 1);
    subject.sweep(600_001);
    t.equal(subject.sources, 0);
  },
);

void t.test(
  'whatever the ledgers claim, offsets go to records and losses alone, and what is forwarded is written as a ledger is',
  async () => {
    const claim = fc.tuple(anyLedger, fc.constantFrom('a', 'b'));
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 30 }), (claims) => {
        const subject = intake();
        let expected = 0;
        let records = 0;
        for (const [claimed, src] of claims) {
          const count = claimed.count % 20;
          const accepted = subject.accept(frames(TOPIC, '{}\n'.repeat(count), { ...claimed, src, count }), 0);
          if (accepted === undefined) continue;
          const { ledger, body, sidecar, transit } = accepted;
          if (sidecar + transit > 0) expected += 1;
          if (ledger.offset !== expected || ledger.node !== subject.node) return false;
          if (body.length !== 3 * ledger.count) return false;
          expected += ledger.count;
          records += ledger.count;
          // Where the claims leave the range of a ledger, the relay refuses what they made of it, and no more.
          if (
            ledger.lost <= ledger.first &&
            ledger.first <= 2 ** 48 &&
            parseLedger(formatLedger(ledger)) === undefined
          )
            return false;
        }
        return subject.offset === expected && subject.stats.records === records;
      }),
    );
  },
);

void t.test(
  'what is over the rate of a topic is a loss on the way here, told with what follows',
  async (t) => {
    const subject = intake({ maxTopicRate: 2_048 });
    t.ok(subject.accept(batch(0, 0), 0), 'a heartbeat costs nothing');
    const passed = [0, 1, 2, 3].map((i) => subject.accept(batch(2 * i, 2), 0) !== undefined);
    t.strictSame(passed, [true, true, false, false]);
    t.equal(subject.stats.refused.limit, 2);
    t.match(subject.accept(batch(8, 2), 1_000)?.ledger, { first: 8, count: 2, lost: 4, transit: 4 });
    subject.accept(batch(10, 2), 1_000);
    // A last message that is refused still ends its source.
    const last = subject.accept(batch(12, 2, { fin: true }), 1_000);
    t.match(last, { body: { length: 0 }, ledger: { first: 14, count: 0, fin: true, lost: 6, transit: 6 } });
    t.equal(subject.stats.lostInTransit, 6);
  },
);

void t.test('an adopted topic has a rate too, and its consolidator tells what that cost', async (t) => {
  const subject = intake({ maxTopicRate: 1_024 });
  t.match(subject.accept(frames(TOPIC, 'one\n'), 0)?.ledger, { first: 0, count: 1, lost: 0 });
  t.equal(subject.accept(frames(TOPIC, 'two\nthree\n'), 0), undefined);
  // Offset 1 is the position of who has read one, and not that of who has been told of the loss as well.
  t.match(subject.accept(frames(TOPIC, 'four\n'), 1_000), {
    ledger: { first: 3, count: 1, lost: 2, transit: 2, offset: 2 },
    transit: 2,
  });
  t.match(subject.accept(frames(TOPIC, 'five\n'), 2_000), { ledger: { lost: 2, offset: 3 }, transit: 0 });
  t.equal(subject.stats.lostInTransit, 2);
});

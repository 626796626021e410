import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { Sources } from '../../accounting/index.js';
import type { Ledger } from '../../wire/index.js';

const WEB = 'tenant/acme/web-1/';
const DB = 'tenant/acme/db/';

function ledger(src: string, first = 0, beat?: number): Ledger {
  const base: Ledger = { v: 1, src, first, count: 1, lost: 0, at: 0 };
  return beat === undefined ? base : { ...base, beat };
}

void t.test('a source keeps its account from one message to the next', async (t) => {
  const sources = new Sources();
  const followed = sources.follow(WEB, ledger('s'), 10);
  t.ok(followed);
  followed?.account.observe(ledger('s'));
  const again = sources.follow(WEB, ledger('s', 5), 20);
  t.equal(again, followed, 'the same account');
  t.equal(again?.account.observe(ledger('s', 5)).here, 4);
  t.equal(again?.heardAt, 20);
  t.equal(sources.size, 1);
});

void t.test("threat: another's source id under an own topic opens an account of its own", async (t) => {
  const sources = new Sources();
  const honest = sources.follow(WEB, ledger('s'), 0);
  const thief = sources.follow(DB, ledger('s', 1_000_000), 0);
  t.not(thief, honest);
  sources.close(DB, 's');
  t.equal(sources.follow(WEB, ledger('s'), 0), honest, 'the fin of the one does not end the other');
});

void t.test('the promise of a heartbeat is that of the last message', async (t) => {
  const sources = new Sources();
  t.equal(sources.follow(WEB, ledger('s', 0, 1_000), 0)?.beat, 1_000);
  t.equal(sources.follow(WEB, ledger('s', 1, 500), 0)?.beat, 500);
  t.equal(sources.follow(WEB, ledger('s', 2), 0)?.beat, 0, 'none');
});

void t.test('a closed source is forgotten, and closing what is not there does nothing', async (t) => {
  const sources = new Sources();
  const before = sources.follow(WEB, ledger('s'), 0);
  sources.close(WEB, 'other');
  sources.close(DB, 's');
  t.equal(sources.size, 1);
  sources.close(WEB, 's');
  sources.close(WEB, 's');
  t.equal(sources.size, 0);
  t.not(sources.follow(WEB, ledger('s'), 0), before, 'it begins anew');
});

void t.test(
  'threat: a sender that makes up source ids pushes out only the stalest of its own topic',
  async (t) => {
    const sources = new Sources({ maxSourcesPerTopic: 3 });
    const db = sources.follow(DB, ledger('db'), 0);
    const [a, b, c] = ['a', 'b', 'c'].map((src, i) => sources.follow(WEB, ledger(src), 10 + i));
    sources.follow(WEB, ledger('a'), 20);
    sources.follow(WEB, ledger('d'), 21);
    t.equal(sources.size, 4);
    t.equal(sources.follow(WEB, ledger('a'), 22), a, 'heard of lately');
    t.equal(sources.follow(WEB, ledger('c'), 22), c);
    t.equal(sources.follow(DB, ledger('db'), 22), db, 'another topic');
    t.not(sources.follow(WEB, ledger('b'), 23), b, 'b was the stalest');
  },
);

void t.test('beyond the limit in all a new source is refused, and known ones go on', async (t) => {
  const sources = new Sources({ maxSources: 2 });
  const a = sources.follow('system/a/', ledger('s'), 0);
  sources.follow('system/b/', ledger('s'), 0);
  t.equal(sources.follow('system/c/', ledger('s'), 0), undefined);
  t.equal(sources.size, 2);
  t.equal(sources.follow('system/a/', ledger('s', 1), 1), a);
  sources.close('system/b/', 's');
  t.ok(sources.follow('system/c/', ledger('s'), 0), 'there is room again');
});

void t.test('topics that nobody asks for any more are forgotten whole', async (t) => {
  const sources = new Sources();
  sources.follow(WEB, ledger('a'), 0);
  sources.follow(WEB, ledger('b'), 0);
  const db = sources.follow(DB, ledger('c'), 0);
  sources.leave('tenant/acme/', (topic) => topic === DB);
  t.equal(sources.size, 1);
  t.equal(sources.follow(DB, ledger('c'), 0), db);
  sources.leave(DB, () => false);
  t.equal(sources.size, 0);
});

function silenceOf({ beat }: { beat: number }): number {
  return beat > 0 ? 3 * beat : 10_000;
}

void t.test('a sweep takes those silent for longer than they may be, and says which', async (t) => {
  const sources = new Sources();
  sources.follow(WEB, ledger('beats', 0, 100), 0);
  sources.follow(WEB, ledger('quiet'), 0);
  sources.follow(DB, ledger('late', 0, 100), 1);
  t.strictSame(sources.sweep(300, silenceOf), [], 'three beats are not more than three');
  const [gone, ...others] = sources.sweep(301, silenceOf);
  t.equal(gone?.topic, WEB);
  t.equal(gone?.source.src, 'beats');
  t.strictSame(others, []);
  t.equal(sources.size, 2);
  t.equal(sources.sweep(10_001, silenceOf).length, 2);
  t.equal(sources.size, 0);
});

void t.test('whatever happens, the limits hold and the size is what is followed', async () => {
  const limits = { maxSources: 6, maxSourcesPerTopic: 3 };
  const topics = ['system/a/', 'system/b/', 'tenant/a/c/', 'tenant/a/d/'];
  const topic = fc.constantFrom(...topics);
  const stream = fc.constantFrom(...topics, 'system/', 'tenant/a/', 'tenant/b/', '');
  const src = fc.constantFrom('p', 'q', 'r', 's', 't');
  const call = fc.oneof(
    { weight: 8, arbitrary: fc.record({ call: fc.constant('follow' as const), topic, src }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('close' as const), topic, src }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('leave' as const), topic, stream }) },
    {
      weight: 1,
      arbitrary: fc.record({ call: fc.constant('sweep' as const), silence: fc.nat({ max: 10 }) }),
    },
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60, size: 'max' }), (calls) => {
      const sources = new Sources(limits);
      // The model: topic → source → when it was heard of.
      const model = new Map<string, Map<string, number>>();
      const size = () => [...model.values()].reduce((sum, of) => sum + of.size, 0);
      for (const [now, call] of calls.entries()) {
        if (call.call === 'follow') {
          const of = model.get(call.topic) ?? new Map<string, number>();
          const room = of.has(call.src) || of.size >= limits.maxSourcesPerTopic || size() < limits.maxSources;
          if (!of.has(call.src) && of.size >= limits.maxSourcesPerTopic) {
            const [stalest] = [...of].toSorted((a, b) => a[1] - b[1])[0] as [string, number];
            of.delete(stalest);
          }
          assert.equal(sources.follow(call.topic, ledger(call.src), now) !== undefined, room);
          if (room) model.set(call.topic, of.set(call.src, now));
        } else if (call.call === 'close') {
          sources.close(call.topic, call.src);
          model.get(call.topic)?.delete(call.src);
        } else if (call.call === 'leave') {
          sources.leave(call.stream, (topic) => topic === call.topic);
          for (const topic of model.keys()) {
            if (topic.startsWith(call.stream) && topic !== call.topic) model.delete(topic);
          }
        } else {
          const gone = sources.sweep(now, () => call.silence);
          const expected = [...model].flatMap(([topic, of]) =>
            [...of].filter(([, at]) => now - at > call.silence).map(([src]) => topic + src),
          );
          assert.deepEqual(
            gone.map(({ topic, source }) => topic + source.src).toSorted(),
            expected.toSorted(),
          );
          for (const { topic, source } of gone) model.get(topic)?.delete(source.src);
        }
        assert.equal(sources.size, size());
        assert.ok(sources.size <= limits.maxSources);
      }
    }),
    { numRuns: 500 },
  );
});

void t.test('a silent source is told of once, until it has been heard again', async (t) => {
  const sources = new Sources();
  const ledger = { v: 1, src: 's', first: 0, count: 0, lost: 0, at: 0, beat: 10 } as const;
  const silent = (now: number) => sources.silent(now, ({ beat }) => beat * 3).map(({ source }) => source.src);
  sources.follow('tenant/a/b/', ledger, 0);
  t.strictSame(silent(30), [], 'not yet');
  t.strictSame(silent(31), ['s']);
  t.strictSame(silent(100), [], 'told before');
  sources.follow('tenant/a/b/', ledger, 200);
  t.strictSame(silent(220), []);
  t.strictSame(silent(300), ['s'], 'again');
  t.equal(sources.size, 1, 'and it is followed still: what it lost shows when it comes back');
});

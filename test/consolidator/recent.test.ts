import * as fc from 'fast-check';
import t from 'tap';
import type { Accepted } from '../../consolidator/intake.js';
import { levelFor, Recent, type RecentOptions } from '../../consolidator/recent.js';
import { Slab } from '../../consolidator/slab.js';
import { MAX_PAGE_BYTES, type PageStart, type ReplayPage } from '../../wire/index.js';

const WEB = 'tenant/acme/web-1/';
const DB = 'tenant/acme/db/';
const OTHER = 'tenant/other/web-1/';

/** A memory that is filled as a consolidator fills it, with its offsets. */
function setUp(options: Partial<RecentOptions> = {}) {
  const recent = new Recent({ recentBytes: 10_000_000, recentRecords: 1_000_000, ...options });
  const source = { src: 's', begin: [0, 0, 0] as const, origin: undefined };
  let offset = 0;
  return {
    recent,
    get head() {
      return offset;
    },
    add: (topic: string, count: number, more: { at?: number; sidecar?: number; padding?: number } = {}) => {
      const { at = offset, sidecar = 0, padding = 0 } = more;
      if (sidecar > 0) offset += 1;
      const record = (n: number) => `{"n":${n},"x":"${'x'.repeat(padding)}"}\n`;
      const body = Buffer.from(Array.from({ length: count }, (_, i) => record(offset + i)).join(''));
      const ledger = { v: 1, src: 's', first: 0, count, lost: 0, at, node: 'A', offset, transit: 0 } as const;
      recent.add({ name: topic, body, ledger, sidecar, transit: 0, source } satisfies Accepted);
      offset += count;
    },
    page: (stream: string, start: PageStart, until = offset): ReplayPage =>
      recent.page({ kind: 'page', id: 1, stream, until, start }, 'A', offset),
  };
}

/** The offsets of all records in a page. */
function offsetsIn({ batches }: ReplayPage): number[] {
  return batches.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
}

void t.test('a page holds a stream in the order of its offsets, over all its topics', async (t) => {
  const { add, page } = setUp();
  add(WEB, 2);
  add(OTHER, 3);
  add(DB, 1);
  add(WEB, 1);
  t.strictSame(offsetsIn(page('tenant/acme/', { from: 0 })), [0, 1, 5, 6]);
  t.strictSame(
    offsetsIn(page(WEB, { from: 1 })),
    [0, 1, 6],
    'a batch comes whole, from wherever one begins in it',
  );
  t.strictSame(offsetsIn(page(WEB, { from: 2 })), [6]);
  t.strictSame(offsetsIn(page(WEB, { from: 0 }, 6)), [0, 1], 'and ends before what was not asked for');
  t.match(page('tenant/never/', { from: 0 }), { from: 0, next: 7, batches: [], forgotten: 0 });
  t.match(page(WEB, { from: 0 }).batches[0], {
    topic: WEB,
    body: Buffer.from('{"n":0,"x":""}\n{"n":1,"x":""}\n'),
  });
});

void t.test('a tenant whose name begins like another’s is not of its stream', async (t) => {
  const { recent, add, page } = setUp();
  add('tenant/acme2/web-1/', 2);
  t.equal(page('tenant/acme/', { from: 0 }).batches.length, 0);
  t.equal(recent.holds('tenant/acme/'), false);
  t.equal(recent.holds('tenant/acme2/'), true);
});

void t.test('the last n begin at exactly that record', async (t) => {
  const { add, page, head } = setUp();
  add(WEB, 3);
  add(DB, 2);
  add(OTHER, 9);
  add(WEB, 4);
  const from = (tail: number, until = 18) => page('tenant/acme/', { tail }, until).from;
  t.equal(from(0), 18);
  t.equal(from(3), 15);
  t.equal(from(5), 4, 'one of the batch before the other tenant’s');
  t.equal(from(100), 0);
  t.equal(from(2, 5), 3, 'before an end');
  t.equal(page('tenant/never/', { tail: 5 }, 18).from, 18);
  t.equal(head, 0);
});

void t.test('since a time begins with the first that was captured then', async (t) => {
  const { add, page } = setUp();
  add(WEB, 1, { at: 1_000 });
  add(DB, 1, { at: 2_000 });
  add(WEB, 1, { at: 3_000 });
  t.strictSame(offsetsIn(page('tenant/acme/', { since: 1_500 })), [1, 2]);
  t.strictSame(offsetsIn(page(WEB, { since: 1_500 })), [2]);
  t.strictSame(offsetsIn(page(WEB, { since: 4_000 })), []);
});

void t.test('a large past comes in pages, each going on where the last ended', async (t) => {
  const { add, page, recent } = setUp();
  for (let i = 0; i < 500; i += 1) add(i % 3 === 0 ? DB : WEB, 10, { padding: 300 });
  const offsets: number[] = [];
  let pages = 0;
  let from = 0;
  for (;;) {
    const { batches, next, forgotten } = page('tenant/acme/', { from });
    t.equal(forgotten, 0);
    t.ok(batches.reduce((sum, { body }) => sum + body.length, 0) <= MAX_PAGE_BYTES);
    offsets.push(...batches.flatMap(({ offset }) => offset));
    pages += 1;
    if (next >= 5_000) break;
    from = next;
  }
  t.ok(pages > 5);
  t.strictSame(
    offsets,
    Array.from({ length: 500 }, (_, i) => i * 10),
  );
  t.ok(recent.bytes > 1_500_000);
});

void t.test('a topic keeps its last records, and tells how many it forgot', async (t) => {
  const { add, page } = setUp({ recentRecords: 10 });
  for (let i = 0; i < 20; i += 1) add(i % 2 === 0 ? WEB : DB, 3);
  // Of WEB, 30 records: 0-2, 6-8, …, 54-56; four batches of three are kept.
  t.strictSame(offsetsIn(page(WEB, { from: 0 }))[0], 36);
  t.equal(page(WEB, { from: 0 }).forgotten, 18);
  t.equal(page(WEB, { from: 7 }).forgotten, 14, 'from within a batch');
  t.equal(page(WEB, { from: 36 }).forgotten, 0);
  t.equal(page('tenant/acme/', { from: 0 }).forgotten, 36);
  t.equal(page(WEB, { tail: 100 }).forgotten, 0, 'who asks for the last gets what there is');
});

void t.test('a noisy topic pushes out its own past and no other’s', async (t) => {
  const { recent, add, page } = setUp({ recentBytes: 200_000 });
  add(OTHER, 5, { padding: 100 });
  for (let i = 0; i < 2_000; i += 1) add(WEB, 10, { padding: 100 });
  t.equal(offsetsIn(page(OTHER, { from: 0 })).length, 5);
  t.ok(recent.bytes <= 200_000);
  const { forgotten } = page(WEB, { from: 0 });
  t.equal((forgotten ?? 0) + offsetsIn(page(WEB, { from: 0 })).length, 20_000, 'all that is gone is counted');
});

void t.test('blocks are counted whole, as long as anything in them is kept', async (t) => {
  const slab = new Slab();
  const kept: Buffer[] = [];
  const blocks = () => new Set(kept.map(({ buffer }) => buffer));
  const isCounted = () => {
    const held = [...blocks()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return held <= slab.bytes && slab.bytes <= held + 300 * blocks().size;
  };
  for (let i = 0; i < 5_000; i += 1) {
    kept.push(slab.keep(Buffer.alloc(i % 7 === 0 ? 9_000 : i % 200)));
    while (kept.length > (i < 3_000 ? 1_000 : 3)) slab.drop(kept.shift() as Buffer);
    if (i % 100 === 0) t.ok(isCounted(), `${slab.bytes} bytes for ${blocks().size} blocks`);
  }
  while (kept.length > 0) slab.drop(kept.shift() as Buffer);
  t.equal(slab.bytes, 0);
  kept.push(slab.keep(Buffer.alloc(20)));
  t.ok(slab.bytes < 1_000, 'a topic that is quiet again begins with a small one');
});

void t.test(
  'many quiet topics of short lines take what the limit says, and keep records for it',
  async (t) => {
    const { recent, add, page } = setUp({ recentBytes: 1_000_000 });
    const topics = Array.from({ length: 300 }, (_, i) => `tenant/t${i}/web-1/`);
    for (let round = 0; round < 300; round += 1) for (const topic of topics) add(topic, 1);
    const bodies = topics.flatMap((topic) => page(topic, { from: 0 }).batches.map(({ body }) => body));
    const blocks = new Set(bodies.map(({ buffer }) => buffer));
    const held = [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0);
    t.ok(held + bodies.length * 250 <= recent.bytes, `${held} bytes are held`);
    t.ok(recent.bytes <= 1_000_000);
    t.ok(bodies.length >= 2 * topics.length, `${bodies.length} are remembered`);
  },
);

void t.test('losses are remembered with the record, or the heartbeat, that told of them', async (t) => {
  const { add, page } = setUp();
  add(WEB, 2);
  add(WEB, 1, { sidecar: 7 });
  add(WEB, 0, { sidecar: 4 });
  add(WEB, 0);
  t.match(page(WEB, { from: 0 }).batches, [
    { offset: 0, count: 2, sidecar: 0 },
    { offset: 3, count: 1, sidecar: 7 },
    { offset: 5, count: 0, sidecar: 4 },
  ]);
  t.match(page(WEB, { from: 4 }).batches, [{ offset: 5, count: 0, sidecar: 4 }]);
  t.strictSame(page(WEB, { from: 5 }).batches, [], 'who has been told has a position behind it');
});

void t.test('of very many topics those that have been quiet for longest are forgotten', async (t) => {
  const { recent, add, page } = setUp();
  for (let i = 0; i < 10_001; i += 1) add(`tenant/t${i}/web-1/`, 1);
  t.ok(recent.topics <= 10_000);
  t.equal(recent.holds('tenant/t10000/'), true);
  t.equal(recent.holds('tenant/t0/'), false);
  t.equal(page('tenant/t0/', { from: 0 }).forgotten, null, 'and nobody knows what they held');
});

void t.test('the common level takes from the largest alone, and exactly enough', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(5_000), (sizes, target) => {
      const level = levelFor(sizes, target);
      const sum = sizes.reduce((all, size) => all + Math.min(size, level), 0);
      const total = sizes.reduce((all, size) => all + size, 0);
      if (total <= target) return level === Number.POSITIVE_INFINITY;
      return sum <= target && sum > target - sizes.length - 1;
    }),
  );
});

void t.test('whatever is added, pages and what is forgotten make up all of it', async () => {
  const step = fc.record({
    topic: fc.constantFrom(WEB, DB, OTHER),
    count: fc.integer({ min: 0, max: 8 }),
    padding: fc.nat(200),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.nat(300), fc.nat(300), (steps, a, b) => {
      const subject = setUp({ recentBytes: 20_000, recentRecords: 60 });
      const all: number[] = [];
      for (const { topic, count, padding } of steps) {
        for (let i = 0; i < count; i += 1) if (topic !== OTHER) all.push(subject.head + i);
        subject.add(topic, count, { padding });
      }
      const [from, until] = [Math.min(a, b, subject.head), Math.min(Math.max(a, b), subject.head)];
      const page = subject.page('tenant/acme/', { from }, until);
      const got = offsetsIn(page).filter((offset) => offset >= from && offset < until);
      const due = all.filter((offset) => offset >= from && offset < until);
      if (page.forgotten === null) return true;
      return (
        got.length + page.forgotten === due.length &&
        got.every((offset, i) => i === 0 || offset > (got[i - 1] as number))
      );
    }),
  );
});

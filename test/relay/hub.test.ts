import t from 'tap';
import { lossOf, RELAY_TRANSIT, SIDECAR_OVERFLOW } from '../../accounting/index.js';
import { Hub } from '../../relay/hub.js';
import type { Format } from '../../relay/encode/index.js';
import type { FilterSpec } from '../../relay/filter.js';
import { parseCursor } from '../../wire/index.js';
import {
  batchOf,
  CONSUMER_OPTIONS,
  numberedLines,
  readNdjson,
  readSse,
  topicOf,
  TwinConnection,
  TwinHost,
  type Item,
} from '../support/relay.js';

const INTERVAL = 1_000;

function setUp() {
  const host = new TwinHost();
  const hub = new Hub({ class: 'tenant', tenant: 'acme' }, INTERVAL);
  return {
    host,
    hub,
    join: (format: Format = 'ndjson', filter: FilterSpec = {}) => {
      const connection = new TwinConnection();
      connection.flowing = true;
      const consumer = hub.join(connection, format, filter, CONSUMER_OPTIONS, host);
      const read = format === 'sse' ? readSse : readNdjson;
      return { consumer, connection, items: () => read(connection.text) };
    },
    append: (first: number, count: number, origin: Parameters<typeof batchOf>[1] = {}, from = 0) => {
      hub.append(batchOf(numberedLines(first, count), origin), from);
    },
    lose: (count: number, kind = RELAY_TRANSIT) => hub.lose(lossOf(kind, count), host.time),
  };
}

const records = (items: readonly Item[]) => items.flatMap((item) => ('record' in item ? [item.record] : []));
const counts = (items: readonly Item[]) => notices(items).map(({ count, total }) => [count, total]);
const notices = (items: readonly Item[]) => items.flatMap((item) => ('notice' in item ? [item.notice] : []));

void t.test('consumers of the same format and filter share one view, others have their own', async (t) => {
  const { hub, join } = setUp();
  const a = join('sse', { level: 30, containers: ['b', 'a'] });
  const b = join('sse', { level: 30, containers: ['a', 'b'] });
  const c = join('sse', { level: 40 });
  const d = join('text', { level: 30, containers: ['a', 'b'] });
  t.equal(a.consumer.view, b.consumer.view);
  t.not(a.consumer.view, c.consumer.view);
  t.not(a.consumer.view, d.consumer.view);
  t.equal(hub.size, 4);
  t.strictSame(new Set(hub.consumers()), new Set([a, b, c, d].map(({ consumer }) => consumer)));
});

void t.test('a view ends with its last consumer', async (t) => {
  const { hub, join } = setUp();
  const a = join();
  const b = join();
  hub.leave(a.consumer);
  t.equal(join().consumer.view, b.consumer.view);
  for (const consumer of hub.consumers()) hub.leave(consumer);
  t.equal(hub.size, 0);
  t.not(join().consumer.view, b.consumer.view);
});

void t.test('what was seen before is left out', async (t) => {
  const { hub, join, append } = setUp();
  const { items } = join();
  append(0, 5, {}, 3);
  hub.flush();
  t.strictSame(records(items()), [3, 4]);
});

void t.test('a filter by container knows the batch by its topic', async (t) => {
  const { hub, join, append } = setUp();
  const some = join('ndjson', { containers: ['web-1', 'db'] });
  const none = join('ndjson', { containers: ['web'] });
  append(0, 2, { topic: topicOf('tenant/acme/web-1/') });
  append(2, 2, { topic: topicOf('tenant/acme/web-2/') });
  append(4, 2, { topic: topicOf('tenant/acme/db/') });
  hub.flush();
  t.strictSame(records(some.items()), [0, 1, 4, 5]);
  t.strictSame(none.items(), []);
  t.equal(none.consumer.balance.matched, 0);
});

void t.test(
  'the first loss is told where it is, those of the same interval together at its end',
  async (t) => {
    const { hub, host, join, append, lose } = setUp();
    const { items } = join('ndjson', { level: 60 });
    const all = join();
    append(0, 1);
    lose(3);
    append(4, 1);
    hub.flush();
    t.strictSame(records(all.items()), [0, 4]);
    t.equal(notices(all.items())[0]?.count, 3);
    t.ok('notice' in (all.items()[1] as Item), 'in between');

    host.time += 400;
    lose(5);
    lose(2, SIDECAR_OVERFLOW);
    host.time += 400;
    lose(6);
    t.equal(hub.tellLosses(host.time), false, 'not yet');
    host.time += 200;
    t.equal(hub.tellLosses(host.time), true);
    t.equal(hub.tellLosses(host.time), false, 'once');
    await Promise.resolve();
    hub.flush();
    const told = notices(all.items()).slice(1);
    t.match(told, [
      { count: 2, reason: 'sidecar-overflow', hop: 'sidecar', total: 2, of: 'stream' },
      {
        count: 11,
        reason: 'transit',
        hop: 'relay',
        total: 14,
        of: 'stream',
        since: new Date(host.time - 600).toISOString(),
        until: new Date(host.time).toISOString(),
      },
    ]);
    t.strictSame(notices(items()), notices(all.items()), 'a filter hides no loss');
  },
);

void t.test('a clock that is set back delays no loss', async (t) => {
  const { hub, host, join, lose } = setUp();
  const { items } = join();
  lose(1);
  host.time -= 3_600_000;
  lose(2);
  hub.flush();
  t.strictSame(
    notices(items()).map(({ count }) => count),
    [1, 2],
  );
});

void t.test('who comes later is not told of what was lost before, and the others are', async (t) => {
  const { hub, host, join, lose } = setUp();
  const early = join();
  lose(1);
  lose(2);
  const late = join();
  host.time += INTERVAL;
  hub.tellLosses(host.time);
  lose(4);
  hub.flush();
  await Promise.resolve();
  hub.flush();
  t.strictSame(counts(early.items()), [
    [1, 1],
    [2, 3],
    [4, 7],
  ]);
  t.strictSame(counts(late.items()), [[4, 7]], 'the total is of the stream');
  t.strictSame(late.consumer.losses[RELAY_TRANSIT], 4);
});

void t.test('totals agree, whether the view tells or a consumer that jumped over the notice', async (t) => {
  const { hub, host, lose, append, join } = setUp();
  join('sse');
  lose(10);
  host.time += INTERVAL;
  const connection = new TwinConnection();
  const slow = hub.join(connection, 'ndjson', {}, { ...CONSUMER_OPTIONS, hwm: 1 }, host);
  append(0, 1);
  hub.flush();
  append(1, 1);
  lose(5);
  append(2, 1);
  hub.flush();
  hub.enforce();
  host.time += INTERVAL;
  lose(6);
  while (connection.take());
  t.match(notices(readNdjson(connection.text)), [
    { count: 5, total: 15, reason: 'transit' },
    { count: 1, total: 1, reason: 'consumer-overflow' },
    { count: 6, total: 21, reason: 'transit' },
  ]);
  t.equal(slow.losses[RELAY_TRANSIT], 11, 'of which this consumer saw its part');
});

void t.test('losses that wait are told at once where they must be', async (t) => {
  const { hub, host, join, lose } = setUp();
  const { items } = join();
  t.equal(hub.settle(host.time), false, 'none');
  lose(1);
  lose(2);
  t.equal(hub.settle(host.time), true);
  hub.flush();
  t.strictSame(
    notices(items()).map(({ count }) => count),
    [1, 2],
  );
});

void t.test('the id of a record is the cursor after it, over all consolidators heard of', async (t) => {
  const { hub, join, append } = setUp();
  const { items } = join('sse');
  append(0, 2, { node: 'A', offset: 100 });
  append(2, 1);
  append(3, 2, { node: 'B', offset: 7 });
  append(5, 3, { node: 'A', offset: 250 }, 1);
  hub.flush();
  const cursors = items().map((item) => {
    const id = 'record' in item ? item.id : 'none';
    return id === undefined ? undefined : Object.fromEntries(parseCursor(id) ?? []);
  });
  t.strictSame(cursors, [
    { A: 101 },
    { A: 102 },
    undefined,
    { A: 102, B: 8 },
    { A: 102, B: 9 },
    { B: 9, A: 252 },
    { B: 9, A: 253 },
  ]);
});

void t.test('an event goes to all consumers whose format has events, in its place', async (t) => {
  const { hub, join, append } = setUp();
  const events = join('sse');
  const lines = join('ndjson');
  append(0, 1);
  hub.announce('status', { consolidators: 2 });
  append(1, 1);
  hub.flush();
  t.strictSame(events.items(), [
    { record: 0 },
    { event: 'status', data: { consolidators: 2 } },
    { record: 1 },
  ]);
  t.strictSame(lines.items(), [{ record: 0 }, { record: 1 }]);
});

void t.test('a flush says whether somebody is over the mark, and enforcing changes only them', async (t) => {
  const { hub, host, append, join } = setUp();
  const fast = join();
  const connection = new TwinConnection();
  const slow = hub.join(connection, 'ndjson', {}, { ...CONSUMER_OPTIONS, hwm: 3 }, host);
  append(0, 2);
  t.equal(hub.flush(), false);
  append(2, 10);
  await Promise.resolve();
  t.equal(hub.flush(), true);
  hub.enforce();
  await Promise.resolve();
  t.equal(slow.balance.dropped, 7);
  t.strictSame(fast.consumer.balance, { matched: 12, delivered: 12, dropped: 0, queued: 0 });
});

import t from 'tap';
import { RELAY_TRANSIT, SIDECAR_OVERFLOW, unaccounted } from '../../accounting/index.js';
import { RelayCore } from '../../relay/core.js';
import type { JoinRequest } from '../../relay/joined.js';
import { resolveRelayOptions, type RelayOptions } from '../../relay/options.js';
import type { Stream } from '../../wire/index.js';
import {
  framesOf,
  numberedLines,
  readNdjson,
  readSse,
  TwinConnection,
  TwinUpstream,
  until,
  type Item,
} from '../support/relay.js';

const ACME: Stream = { class: 'tenant', tenant: 'acme' };
const WEB: Stream = { class: 'tenant', tenant: 'acme', container: 'web-1' };

function setUp(t: { teardown: (fn: () => Promise<void>) => void }, options: RelayOptions = {}) {
  const resolved = resolveRelayOptions({ hubLinger: 1, noticeInterval: 50, drainSpread: 400, ...options });
  const upstream = new TwinUpstream();
  const core = new RelayCore(resolved, upstream.connect);
  t.teardown(() => core.close());
  return {
    core,
    upstream,
    join: (stream: Stream = WEB, request: Partial<JoinRequest> = {}) => {
      const connection = new TwinConnection();
      connection.flowing = true;
      const { hwm, hwmBytes, overflow } = resolved;
      const { consumer, id } = core.join(
        { stream, format: 'ndjson', filter: {}, buffer: { hwm, hwmBytes, overflow }, ...request },
        connection,
      );
      const read = request.format === 'sse' ? readSse : readNdjson;
      return { consumer, connection, id, items: () => read(connection.text) };
    },
    send: (topic: string, first: number, count: number, lost = 0) =>
      upstream.message(framesOf(topic, numberedLines(first, count), { first, lost })),
  };
}

const records = (items: readonly Item[]) => items.flatMap((item) => ('record' in item ? [item.record] : []));
const events = (items: readonly Item[]) => items.flatMap((item) => ('event' in item ? [item] : []));
const counts = (items: readonly Item[]) =>
  items.flatMap((item) => ('notice' in item ? [item.notice.count] : []));

void t.test('a stream is subscribed once however many read it, and left when nobody does', async (t) => {
  const { core, upstream, join } = setUp(t);
  const [a, b, c] = [join(WEB), join(WEB), join(ACME)];
  t.strictSame(upstream.asked, ['+tenant/acme/web-1/', '+tenant/acme/']);
  t.equal(core.size, 3);
  t.equal(new Set([...core.consumers()].map(({ id }) => id)).size, 3, 'each has an id of its own');
  core.leave(a.consumer);
  core.leave(a.consumer);
  core.leave(b.consumer);
  await until(() => upstream.asked.includes('-tenant/acme/web-1/'), 'the stream is left');
  t.notOk(upstream.asked.includes('-tenant/acme/'));
  core.leave(c.consumer);
  await until(() => upstream.asked.includes('-tenant/acme/'), 'the other is left');
  t.equal(core.size, 0);
});

void t.test('who comes back within moments finds the stream still subscribed', async (t) => {
  const { core, upstream, join } = setUp(t, { hubLinger: 60_000 });
  core.leave(join().consumer);
  join();
  t.strictSame(upstream.asked, ['+tenant/acme/web-1/']);
});

void t.test('a message reaches the two streams that its topic belongs to, and no other', async (t) => {
  const { join, send } = setUp(t);
  const streams: Stream[] = [
    WEB,
    ACME,
    { class: 'tenant', tenant: 'acme2' },
    { class: 'tenant', tenant: 'acm' },
    { class: 'tenant', tenant: 'acme', container: 'web-10' },
    { class: 'tenant', tenant: 'acme', container: 'web' },
    { class: 'system' },
    { class: 'system', component: 'web-1' },
  ];
  const readers = streams.map((stream) => join(stream));
  send('tenant/acme/web-1/', 0, 3);
  const [web, acme, ...others] = readers;
  await until(() => web?.consumer.balance.delivered === 3, 'the records are there');
  t.strictSame(records(acme?.items() ?? []), [0, 1, 2]);
  for (const { items } of others) t.strictSame(items(), []);
});

void t.test('a loss on the way is told in its place to all who read the topic', async (t) => {
  const { join, send, core } = setUp(t);
  const [web, acme, db] = [join(WEB), join(ACME), join({ ...WEB, container: 'db' })];
  send('tenant/acme/web-1/', 0, 2);
  send('tenant/acme/web-1/', 7, 1, 3);
  await until(() => acme.consumer.balance.delivered === 3, 'the records are there');
  for (const { items } of [web, acme]) {
    t.match(items(), [
      { record: 0 },
      { record: 1 },
      { notice: { count: 3, hop: 'sidecar', reason: 'sidecar-overflow' } },
      { notice: { count: 2, hop: 'relay', reason: 'transit' } },
      { record: 7 },
    ]);
  }
  t.strictSame(db.items(), []);
  t.equal(core.intake.stats.lost[SIDECAR_OVERFLOW], 3);
  t.equal(core.intake.stats.lost[RELAY_TRANSIT], 2);
});

void t.test('a loss that a heartbeat tells is told although no record comes', async (t) => {
  const { join, send } = setUp(t);
  const { items } = join();
  send('tenant/acme/web-1/', 0, 2);
  send('tenant/acme/web-1/', 9, 0, 4);
  await until(() => counts(items()).length === 2, 'the loss is told');
  t.strictSame(counts(items()), [4, 3]);
});

void t.test('losses that were merged are told without a further message', async (t) => {
  const { join, send } = setUp(t);
  const { items } = join();
  send('tenant/acme/web-1/', 0, 1);
  send('tenant/acme/web-1/', 2, 1);
  send('tenant/acme/web-1/', 4, 1);
  send('tenant/acme/web-1/', 6, 1);
  await until(() => counts(items()).length === 2, 'both notices are there');
  t.strictSame(counts(items()), [1, 2]);
});

void t.test('duplicates are delivered once', async (t) => {
  const { join, send, core } = setUp(t);
  const { items, consumer } = join();
  send('tenant/acme/web-1/', 0, 4);
  send('tenant/acme/web-1/', 0, 4);
  send('tenant/acme/web-1/', 2, 4);
  await until(() => consumer.balance.delivered >= 6, 'the records are there');
  t.strictSame(records(items()), [0, 1, 2, 3, 4, 5]);
  t.equal(core.intake.stats.duplicates, 6);
});

void t.test('what passes while nobody reads a topic is no loss', async (t) => {
  const { join, send, core, upstream } = setUp(t);
  const first = join();
  send('tenant/acme/web-1/', 0, 2);
  core.leave(first.consumer);
  await until(() => upstream.asked.length === 2, 'the stream is left');
  t.equal(core.intake.sources, 0, 'its sources are forgotten');
  const second = join();
  send('tenant/acme/web-1/', 50, 2);
  await until(() => second.consumer.balance.delivered === 2, 'the records are there');
  t.strictSame(second.items(), [{ record: 50 }, { record: 51 }]);
});

void t.test(
  'a reader of events is greeted with what its stream is connected to, and told of changes',
  async (t) => {
    const { join, upstream, core } = setUp(t);
    upstream.status(2);
    const { items, connection } = join(WEB, { format: 'sse' });
    t.match(connection.text, /^:\n\nevent: status\n/, 'a comment goes out at once');
    upstream.status(1);
    t.equal(core.connected, 1);
    await until(() => events(items()).length === 2, 'the change is told');
    t.strictSame(events(items()), [
      { event: 'status', data: { stream: 'tenant/acme/web-1/', consolidators: 2, keepalive: 15_000 } },
      { event: 'status', data: { stream: 'tenant/acme/web-1/', consolidators: 1, keepalive: 15_000 } },
    ]);
  },
);

void t.test('an idle reader of events gets comments, the others nothing', async (t) => {
  const { join } = setUp(t, { keepalive: 1 });
  const idle = join(WEB, { format: 'sse' });
  const lines = join();
  const before = idle.connection.text;
  await until(() => idle.connection.text.length >= before.length + 6, 'two comments came');
  t.equal(idle.connection.text.slice(before.length).slice(0, 6), ':\n\n:\n\n');
  t.equal(lines.connection.text, '');
});

void t.test('a stalled reader is told what it missed, and the others miss nothing', async (t) => {
  const { join, send } = setUp(t);
  const fast = join();
  const slow = join(WEB, { buffer: { hwm: 5, hwmBytes: 1_000_000, overflow: 'drop-oldest' } });
  slow.connection.flowing = false;
  for (let i = 0; i < 40; i += 1) {
    send('tenant/acme/web-1/', i, 1);
    await until(() => fast.consumer.balance.delivered === i + 1, 'the fast one has it');
    t.equal(unaccounted(slow.consumer.balance), 0);
  }
  await until(() => slow.consumer.balance.dropped === 34, 'the mark is enforced');
  slow.connection.flowing = true;
  slow.connection.take();
  await until(() => slow.consumer.drained, 'the slow one has caught up');
  t.match(slow.items(), [{ record: 0 }, { notice: { count: 34, total: 34 } }, { record: 35 }]);
  t.strictSame(
    records(fast.items()),
    Array.from({ length: 40 }, (_, i) => i),
  );
});

void t.test('a gap that was held is told by the clock, without a further record', async (t) => {
  const { join, send } = setUp(t, { noticeInterval: 300 });
  const slow = join(WEB, { buffer: { hwm: 2, hwmBytes: 1_000_000, overflow: 'drop-oldest' } });
  slow.connection.flowing = false;
  let next = 0;
  const burst = async (count: number, dropped: number) => {
    send('tenant/acme/web-1/', next, count);
    next += count;
    await until(() => slow.consumer.balance.dropped === dropped, `${dropped} were dropped`);
  };
  await burst(1, 0);
  await until(() => slow.connection.stalled, 'a write is under way');
  await burst(5, 3);
  slow.connection.take();
  await burst(5, 6);
  slow.connection.flowing = true;
  slow.connection.take();
  t.equal(slow.consumer.held, true);
  await until(() => counts(slow.items()).length === 2, 'the second gap is told');
  await until(() => slow.consumer.drained, 'all is written');
  t.equal(
    slow.consumer.balance.dropped,
    counts(slow.items()).reduce((a, b) => a + b),
  );
});

void t.test('a reader whose policy is to be cut is gone from the core', async (t) => {
  const { join, send, core } = setUp(t);
  const slow = join(WEB, { format: 'sse', buffer: { hwm: 2, hwmBytes: 1_000_000, overflow: 'disconnect' } });
  slow.connection.flowing = false;
  slow.connection.take();
  send('tenant/acme/web-1/', 0, 1);
  await until(() => slow.connection.stalled, 'a write is under way');
  send('tenant/acme/web-1/', 1, 5);
  await until(() => core.size === 0, 'the reader is gone');
  t.equal(slow.connection.ended, true);
  t.match(slow.items().slice(1), [
    { record: 0 },
    { notice: { count: 5, reason: 'consumer-overflow' } },
    { event: 'bye', data: { reason: 'overflow' } },
  ]);
});

void t.test('garbage is counted, and what comes after it is read', async (t) => {
  const { join, send, upstream, core } = setUp(t);
  const { items, consumer } = join();
  upstream.message([]);
  upstream.message([Buffer.from('tenant/acme/../web-1/'), Buffer.from('{}\n')]);
  upstream.message([Buffer.from('tenant/acme/web-1/'), Buffer.from('{}\n'), Buffer.from('{"v":1}')]);
  send('tenant/acme/web-1/', 0, 1);
  await until(() => consumer.balance.delivered === 1, 'the good one is there');
  t.strictSame(items(), [{ record: 0 }]);
  t.match(core.intake.stats.refused, { frames: 1, topic: 1, ledger: 1 });
});

void t.test('a drain delivers what is queued, tells what is lost, and says when to come back', async (t) => {
  const { join, send, core } = setUp(t, { drainTimeout: 100, noticeInterval: 60_000 });
  const fast = join(WEB, { format: 'sse' });
  const stalled = join(WEB, { format: 'sse' });
  stalled.connection.flowing = false;
  send('tenant/acme/web-1/', 0, 1);
  await until(() => stalled.connection.stalled, 'a write is under way');
  send('tenant/acme/web-1/', 2, 3);
  send('tenant/acme/web-1/', 6, 1);
  const drained = core.drain();
  t.equal(core.draining, true);
  send('tenant/acme/web-1/', 7, 100);
  await drained;
  t.equal(core.size, 0);
  t.match(fast.items().slice(1), [
    { record: 0 },
    { notice: { count: 1, reason: 'transit' } },
    { record: 2 },
    { record: 3 },
    { record: 4 },
    { record: 6 },
    { notice: { count: 1, reason: 'transit', total: 2 } },
    { event: 'bye', data: { reason: 'shutdown' } },
  ]);
  t.match(stalled.items().slice(-3), [
    { notice: { count: 2, reason: 'transit', total: 2 } },
    { notice: { count: 4, reason: 'shutdown' } },
    { event: 'bye', data: { reason: 'shutdown' } },
  ]);
  t.strictSame(stalled.consumer.balance, { matched: 5, delivered: 1, dropped: 4, queued: 0 });
  const retries = [fast, stalled].map(({ connection }) =>
    Number(/^retry: (\d+)$/m.exec(connection.text.slice(connection.text.lastIndexOf('retry:')))?.[1]),
  );
  for (const retry of retries) t.ok(retry >= 0 && retry <= 400, `retry ${retry}`);
  await core.drain();
});

void t.test('a drain is over as soon as all have what was queued, though the stream goes on', async (t) => {
  const { join, send, core } = setUp(t, { drainTimeout: 60_000 });
  const { items } = join(WEB, { format: 'sse' });
  let next = 0;
  const flood = setInterval(() => send('tenant/acme/web-1/', next++, 1), 1);
  await until(() => next > 3, 'the flood began');
  await core.drain();
  clearInterval(flood);
  t.match(items().at(-1), { event: 'bye' });
});

void t.test('closing closes the upstream', async (t) => {
  const { core, upstream } = setUp(t);
  await core.close();
  t.equal(upstream.closed, true);
});

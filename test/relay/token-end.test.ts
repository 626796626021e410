import t from 'tap';
import { unaccounted } from '../../accounting/index.js';
import { RelayCore } from '../../relay/core.js';
import { resolveRelayOptions } from '../../relay/options.js';
import { framesOf, numberedLines, readSse, TwinConnection, TwinUpstream, until } from '../support/relay.js';

const REQUEST = {
  stream: { class: 'tenant', tenant: 'acme' },
  format: 'sse',
  filter: {},
  buffer: { hwm: 100, hwmBytes: 1_000_000, overflow: 'drop-oldest' },
} as const;

void t.test('a stream ends with its token, a stalled one with what it misses, and no other', async (t) => {
  const upstream = new TwinUpstream();
  const core = new RelayCore(resolveRelayOptions({}), upstream.connect);
  t.teardown(() => core.close());
  const [flowing, stalled, other] = [new TwinConnection(), new TwinConnection(), new TwinConnection()];
  flowing.flowing = true;
  const end = Date.now() + 300;
  const consumers = [flowing, stalled].map(
    (connection) => core.join(REQUEST, connection, { until: end }).consumer,
  );
  core.join(REQUEST, other, { until: end + 3_600_000 });
  upstream.message(framesOf('tenant/acme/web-1/', numberedLines(0, 5), { src: 's' }));
  await until(() => flowing.ended && stalled.ended, 'both have ended');
  t.ok(Date.now() >= end, 'not before');
  t.match(readSse(flowing.text).slice(-2), [{ record: 4 }, { event: 'bye', data: { reason: 'expired' } }]);
  t.match(readSse(stalled.text).slice(-2), [
    { notice: { count: 5, reason: 'shutdown' } },
    { event: 'bye', data: { reason: 'expired' } },
  ]);
  for (const consumer of consumers) t.equal(unaccounted(consumer.balance), 0, 'the law holds');
  t.equal(other.ended, false);
  t.equal(core.size, 1);
});

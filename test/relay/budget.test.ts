import t from 'tap';
import { CONSUMER_OVERFLOW, unaccounted } from '../../accounting/index.js';
import { RelayCore } from '../../relay/core.js';
import { resolveRelayOptions } from '../../relay/options.js';
import { framesOf, numberedLines, TwinConnection, TwinUpstream, until } from '../support/relay.js';

const BUDGET = 64 * 1024;
const ROOMY = { hwm: 1_000_000, hwmBytes: 1024 * 1024 * 1024 };

void t.test('all buffers together stay within the budget, and what that costs is told', async (t) => {
  const upstream = new TwinUpstream();
  const core = new RelayCore(resolveRelayOptions({ maxBufferedBytes: BUDGET }), upstream.connect);
  t.teardown(() => core.close());
  const join = (tenant: string, overflow: 'drop-oldest' | 'drop-newest', hwm = ROOMY.hwm) => {
    const connection = new TwinConnection();
    const request = { stream: { class: 'tenant', tenant }, format: 'ndjson', filter: {} } as const;
    return core.join({ ...request, buffer: { ...ROOMY, hwm, overflow } }, connection).consumer;
  };
  const noisy = [
    join('noisy', 'drop-oldest'),
    join('noisy', 'drop-oldest'),
    join('noisy', 'drop-newest', 50),
  ];
  const quiet = join('quiet', 'drop-oldest');
  upstream.message(framesOf('tenant/quiet/a/', numberedLines(0, 10), { src: 'quiet' }));
  for (let first = 0; first < 20_000; first += 100) {
    upstream.message(framesOf('tenant/noisy/a/', numberedLines(first, 100), { first, src: 'noisy' }));
  }
  const held = () => Math.max(...noisy.map(({ backlog }) => backlog.bytes));
  t.ok(held() > BUDGET, 'the noisy stream has more waiting than there is room for');

  await until(() => held() <= BUDGET, 'it was cut back');
  for (const consumer of [...noisy, quiet]) t.equal(unaccounted(consumer.balance), 0, 'the law holds');
  t.ok((noisy[0]?.losses[CONSUMER_OVERFLOW] ?? 0) > 0, 'its readers lost some');
  t.equal(quiet.losses[CONSUMER_OVERFLOW], 0, 'who holds less than an equal share loses nothing');
});

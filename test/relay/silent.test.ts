import t from 'tap';
import { RelayCore } from '../../relay/core.js';
import { resolveRelayOptions } from '../../relay/options.js';
import { formatLedger } from '../../wire/index.js';
import { readNdjson, TwinConnection, TwinUpstream, until } from '../support/relay.js';

const TOPIC = 'tenant/acme/web-1/';
const BUFFER = { hwm: 100, hwmBytes: 1024 * 1024, overflow: 'drop-oldest' } as const;

void t.test('a source that falls silent without an end is told of, with an unknown count', async (t) => {
  const options = resolveRelayOptions({ noticeInterval: 50 });
  const upstream = new TwinUpstream();
  const core = new RelayCore(options, upstream.connect);
  t.teardown(() => core.close());
  const connection = new TwinConnection();
  connection.flowing = true;
  const stream = { class: 'tenant', tenant: 'acme' } as const;
  core.join({ stream, format: 'ndjson', filter: {}, buffer: BUFFER }, connection);
  const heartbeat = (src: string, fields: { beat?: number; fin?: true }) => {
    const ledger = { v: 1, src, first: 0, count: 0, lost: 0, at: 0, ...fields } as const;
    upstream.message([Buffer.from(TOPIC), Buffer.alloc(0), formatLedger(ledger)]);
  };

  heartbeat('killed', { beat: 10 });
  heartbeat('ended', { beat: 10 });
  heartbeat('ended', { beat: 10, fin: true });
  heartbeat('made-no-promise', {});
  await until(() => readNdjson(connection.text).length > 0, 'the notice is there');
  t.match(
    readNdjson(connection.text),
    [{ notice: { count: null, hop: 'sidecar', reason: 'transit', sources: 1, of: 'stream' } }],
    'one that said fin, and one that promised nothing, are not missed',
  );
});

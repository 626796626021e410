import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import {
  addLosses,
  CONSUMER_OVERFLOW,
  lossOf,
  NO_LOSSES,
  SIDECAR_OVERFLOW,
  SILENT_SOURCES,
} from '../../accounting/index.js';
import { pageOf, type ConsumersPage } from '../../relay/consumers-route.js';
import type { Joined } from '../../relay/joined.js';
import { startRelay } from '../../relay/index.js';

/** A consumer as far as a row shows it. */
function joined(id: string, lag: number, queued: number, losses = NO_LOSSES, open = 0): Joined {
  const dropped = losses[CONSUMER_OVERFLOW] + open;
  const balance = { matched: 10 + dropped + queued, delivered: 10, dropped, queued };
  return {
    id,
    remote: '10.0.0.7',
    heardOf: () => 3,
    consumer: {
      balance,
      losses,
      lag,
      backlog: { bytes: queued * 100, apart: false },
      since: Date.UTC(2026, 0, 2),
    },
    request: {
      stream: { class: 'tenant', tenant: 'acme', container: 'web-1' },
      format: 'ndjson',
      filter: { level: 40 },
      buffer: { hwm: 100, hwmBytes: 4_096, overflow: 'drop-newest' },
    },
  } as unknown as Joined;
}

function coreOf(...all: Joined[]) {
  return { size: all.length, consumers: () => all.values() as Generator<Joined> };
}

void t.test('a row says who reads what, and adds up while a gap is open', async (t) => {
  const losses = addLosses(lossOf(SIDECAR_OVERFLOW, 3), lossOf(CONSUMER_OVERFLOW, 20));
  const all = addLosses(losses, lossOf(SILENT_SOURCES, 2));
  const { total, consumers } = pageOf(coreOf(joined('7', 1_234.6, 5, all, 30)), 10);
  t.equal(total, 1);
  t.strictSame(consumers[0], {
    id: '7',
    stream: 'tenant/acme/web-1/',
    format: 'ndjson',
    filter: { level: 40 },
    since: '2026-01-02T00:00:00.000Z',
    remote: '10.0.0.7',
    overflow: 'drop-newest',
    hwm: { records: 100, bytes: 4_096 },
    lag: { records: 5, bytes: 500, ms: 1_235 },
    matched: 65,
    delivered: 10,
    dropped: 50,
    queued: 5,
    losses: [
      { hop: 'sidecar', reason: 'sidecar-overflow', count: 3 },
      { hop: 'relay', reason: 'consumer-overflow', count: 50 },
    ],
    silentSources: 2,
    consolidators: 3,
  });
});

void t.test('the worst lag comes first, and where none is known the longest queue', async (t) => {
  const core = coreOf(joined('a', 0, 1), joined('b', 10, 2), joined('c', 0, 9), joined('d', 500, 1));
  const ids = (limit: number) => pageOf(core, limit).consumers.map(({ id }) => id);
  t.strictSame(ids(10), ['d', 'b', 'c', 'a']);
  t.strictSame(ids(2), ['d', 'b']);
  t.equal(pageOf(core, 2).total, 4, 'the total is of all');
});

async function relayUrl(t: Test): Promise<string> {
  const relay = await startRelay({ from: ['tcp://127.0.0.1:9'], port: 0, drainTimeout: 0 });
  t.teardown(() => relay.close());
  return relay.url;
}

void t.test('a consumer is listed from its first byte to its end', async (t) => {
  const url = await relayUrl(t);
  const page = async () => (await (await fetch(`${url}/v1/consumers`)).json()) as ConsumersPage;
  t.strictSame((await page()).consumers, []);
  const request = get(`${url}/v1/logs/system?format=sse&q=Disk&hwm=7&overflow=disconnect`, { agent: false });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const [row] = (await page()).consumers;
  t.match(row, { stream: 'system/', format: 'sse', filter: { q: 'Disk' }, overflow: 'disconnect' });
  t.match(row, {
    remote: '127.0.0.1',
    hwm: { records: 7 },
    lag: { records: 0, bytes: 0, ms: 0 },
    matched: 0,
  });
  request.destroy();
  while ((await page()).total > 0);
  t.pass('it is gone');
});

void t.test('a limit outside its range is a problem with what to do', async (t) => {
  const url = await relayUrl(t);
  for (const limit of ['0', '10001', '-1', '1e3', '', 'all']) {
    const answer = await fetch(`${url}/v1/consumers?limit=${limit}`);
    t.equal(answer.status, 400, limit);
    t.match(await answer.json(), { detail: /from 1 to 10000/ });
  }
  const answer = await fetch(`${url}/v1/consumers?limit=10000`);
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('cache-control'), 'no-store');
});

void t.test('a relay that is given no metrics has no /metrics', async (t) => {
  t.equal((await fetch(`${await relayUrl(t)}/metrics`)).status, 404);
});

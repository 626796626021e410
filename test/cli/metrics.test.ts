import { once } from 'node:events';
import { createServer, get, type ClientRequest, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startMetrics } from '../../cli/metrics.js';
import { startConsolidator } from '../../consolidator/index.js';
import type { ConsumersPage } from '../../relay/consumers-route.js';
import { startRelay } from '../../relay/index.js';
import { createNormalizer } from '../../sidecar/normalize/index.js';
import { resolveSidecarOptions } from '../../sidecar/options.js';
import { startSidecar } from '../../sidecar/sidecar.js';
import { createLog, observeConsolidator } from '../../telemetry/index.js';
import { parseExposition, valueOf, type Family } from '../telemetry/exposition.js';

const log = createLog('test', () => {});

/** A reader of a stream as NDJSON that takes nothing until it is told to. */
class Reader {
  lines = 0;
  readonly #told = new Map<string, number>();
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.#response = response;
    response.on('error', () => {});
  }

  static async open(t: Test, url: string): Promise<Reader> {
    const request = get(url, { headers: { Accept: 'application/x-ndjson' }, agent: false });
    t.teardown(() => request.destroy());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new Reader(request, response);
  }

  read(): this {
    const lines = createInterface({ input: this.#response }).on('error', () => {});
    lines.on('line', (line) => {
      const { name, dropped } = JSON.parse(line) as {
        name: string;
        dropped?: { hop: string; reason: string; count: number };
      };
      if (name !== 'spillway' || dropped === undefined) {
        this.lines += 1;
        return;
      }
      const kind = `${dropped.hop} ${dropped.reason}`;
      this.#told.set(kind, this.told(kind) + dropped.count);
    });
    return this;
  }

  /** Records that it was told are missing: all, or those of one `<hop> <reason>`. */
  told(kind?: string): number {
    if (kind !== undefined) return this.#told.get(kind) ?? 0;
    return [...this.#told.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Bytes received, HTTP's own included. */
  get bytes(): number {
    return this.#request.socket?.bytesRead ?? 0;
  }

  close(): void {
    this.#request.destroy();
  }
}

/** There is no event for "a number has got there"; tap's timeout is the limit. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5);
}

const LINES = 60_000;
const PAD = 'x'.repeat(600);
const STREAM = '/v1/logs/tenant/acme/web-1';

/** All three parts in this process, measured by one SDK, and the lines that they are given. */
async function startParts(t: Test) {
  const metrics = await startMetrics('relay', { scraped: true, env: {}, log });
  if (metrics === undefined) throw new Error('metrics were asked for');
  t.teardown(() => metrics.close());
  const consolidator = await startConsolidator({
    publish: 'tcp://127.0.0.1:*',
    subscribe: 'tcp://127.0.0.1:*',
    replay: 'tcp://127.0.0.1:*',
  });
  t.teardown(() => consolidator.close());
  const from = [`${consolidator.subscribe} replay=${consolidator.replay}`];
  const relay = await startRelay({ from, port: 0, drainTimeout: 100 }, { metrics });
  t.teardown(() => relay.close());
  const options = {
    topic: { class: 'tenant', tenant: 'acme', container: 'web-1' },
    to: consolidator.publish,
  } as const;
  const sidecar = startSidecar(resolveSidecarOptions({ ...options, hwm: 5_000, heartbeat: 100 }), {
    normalizer: createNormalizer({
      name: 'web-1',
      hostname: 'h',
      pid: 1,
      tenant: 'acme',
      container: 'web-1',
    }),
  });
  t.teardown(() => sidecar.close());
  await until(() => relay.core.connected === 1);
  return { consolidator, relay, sidecar };
}

/** In slices that the way can carry, and one at the end that it cannot. */
async function print(sidecar: { chunk(stream: 'stdout', data: Buffer): void }): Promise<void> {
  for (let i = 0; i < LINES;) {
    let text = '';
    for (const end = i < LINES / 2 ? i + 500 : LINES; i < end; i += 1) text += `line ${i} ${PAD}\n`;
    sidecar.chunk('stdout', Buffer.from(text));
    await sleep(1);
  }
}

/** Asks on a connection of its own; answers the body and the bytes that came. */
async function ask(url: string): Promise<{ body: string; bytes: number; type: string }> {
  const request = get(url, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { socket } = response;
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { body, bytes: socket.bytesRead, type: response.headers['content-type'] ?? '' };
}

function loaded(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('/sdk-metrics/'));
}

// First in this file: what it says of loaded modules must not be the work of another test.
void t.test('where nobody asks for metrics, the SDK is not even loaded', async (t) => {
  t.equal(await startMetrics('sidecar', { scraped: false, env: {}, log }), undefined);
  const disabled = { OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'otlp' };
  t.equal(await startMetrics('relay', { scraped: true, env: disabled, log }), undefined);
  t.strictSame(loaded(), []);
  const metrics = await startMetrics('relay', { scraped: true, env: {}, log });
  t.not(loaded().length, 0, 'which would show');
  await metrics?.close();
});

void t.test('what /metrics says is what the readers counted', async (t) => {
  const { consolidator, relay, sidecar } = await startParts(t);
  const fast = (await Reader.open(t, `${relay.url}${STREAM}?hwm=1000000`)).read();
  const slow = await Reader.open(t, `${relay.url}${STREAM}?hwm=100`);
  await print(sidecar);
  const wanted = () => sidecar.stats.captured - sidecar.stats.unread;
  await until(() => sidecar.stats.captured === LINES && fast.lines + fast.told() === wanted());

  const asked = await ask(`${relay.url}/v1/consumers`);
  const { total, consumers } = JSON.parse(asked.body) as ConsumersPage;
  t.equal(total, 2);
  t.strictSame(
    consumers.map(({ hwm }) => hwm.records),
    [100, 1_000_000],
    'the stalled one comes first',
  );
  const [stalled] = consumers;
  t.ok(stalled && stalled.dropped > 0 && stalled.queued > 0 && stalled.lag.ms > 0);
  for (const row of consumers) {
    t.equal(row.matched, row.delivered + row.dropped + row.queued);
    const own = row.losses.filter(({ reason }) => ['consumer-overflow', 'shutdown'].includes(reason));
    t.equal(
      own.reduce((sum, { count }) => sum + count, 0),
      row.dropped,
    );
  }

  const during = await ask(`${relay.url}/metrics`);
  const queued = parseExposition(during.body);
  t.equal(valueOf(queued, 'spillway_queue_records', { hop: 'relay' }), stalled?.queued);
  t.equal(valueOf(queued, 'spillway_queue_bytes', { hop: 'relay' }), stalled?.lag.bytes);

  slow.read();
  await until(() => slow.lines + slow.told() === wanted());
  const scraped = await ask(`${relay.url}/metrics`);
  t.equal(scraped.type, 'text/plain; version=0.0.4; charset=utf-8');
  const families = parseExposition(scraped.body);
  const count = (name: string, hop: string, reason?: string) =>
    valueOf(families, `spillway_${name}`, { hop, ...(reason !== undefined && { reason }) });

  const overflow = count('records_dropped_total', 'sidecar', 'sidecar-overflow');
  t.ok(overflow > 0, 'the sidecar was given more than it can hold');
  t.equal(fast.told('sidecar sidecar-overflow'), overflow);
  for (const by of ['consolidator', 'relay']) {
    const labels = { hop: 'sidecar', reason: 'sidecar-overflow', by };
    t.equal(valueOf(families, 'spillway_records_dropped_upstream_total', labels), overflow, `says the ${by}`);
  }
  t.equal(count('records_captured_total', 'sidecar'), LINES);
  t.equal(
    count('records_captured_total', 'sidecar'),
    count('records_unread_total', 'sidecar') + count('records_out_total', 'sidecar') + overflow,
  );
  t.equal(count('records_in_total', 'consolidator'), consolidator.stats.records);
  t.equal(count('records_in_total', 'relay'), fast.lines + fast.told('relay consumer-overflow'));

  const dropped = count('records_dropped_total', 'relay', 'consumer-overflow');
  t.ok(dropped > 0, 'the stalled reader lost some');
  t.equal(dropped, slow.told('relay consumer-overflow') + fast.told('relay consumer-overflow'));
  t.equal(count('records_out_total', 'relay'), fast.lines + slow.lines);
  t.equal(count('queue_records', 'relay'), 0);
  t.equal(count('queue_bytes', 'relay'), 0);
  t.equal(count('records_matched_total', 'relay'), fast.lines + slow.lines + dropped);
  t.equal(count('bytes_out_total', 'relay'), fast.bytes + slow.bytes + asked.bytes + during.bytes);
  t.equal(valueOf(families, 'spillway_consumers', { format: 'ndjson' }), 2);
  t.equal(valueOf(families, 'spillway_hubs'), 1);
  t.equal(valueOf(families, 'spillway_consolidators'), 1);
  const writes = histogramCount(families);
  t.ok(writes > 0 && writes <= count('messages_in_total', 'relay'), `${writes} writes`);

  slow.close();
  await until(() => relay.core.size === 1);
  await sidecar.close();
  const later = parseExposition((await ask(`${relay.url}/metrics`)).body);
  t.equal(valueOf(later, 'spillway_records_captured_total', { hop: 'sidecar' }), LINES, 'it has ended');
  t.equal(
    valueOf(later, 'spillway_records_matched_total', { hop: 'relay' }),
    fast.lines + slow.lines + dropped,
  );
  t.equal(valueOf(later, 'spillway_consumers', { format: 'ndjson' }), 1);
});

function histogramCount(families: ReadonlyMap<string, Family>): number {
  const samples = families.get('spillway_capture_to_write_duration_seconds')?.samples ?? [];
  return samples.find(({ name }) => name.endsWith('_count'))?.value ?? 0;
}

void t.test('no tenant, topic or consumer is a label', async (t) => {
  const { relay, sidecar } = await startParts(t);
  const reader = (await Reader.open(t, `${relay.url}${STREAM}?q=line&level=info`)).read();
  sidecar.chunk('stdout', Buffer.from('line 1\n'));
  await until(() => reader.lines === 1);
  const { body } = await ask(`${relay.url}/metrics`);
  t.notMatch(body, /acme|web-1|127\.0\.0\.1/);
  const labels = new Set<string>();
  for (const [name, { samples }] of parseExposition(body)) {
    if (name === 'target_info') continue;
    for (const sample of samples) for (const label of Object.keys(sample.labels)) labels.add(label);
  }
  t.strictSame([...labels].toSorted(), ['by', 'cpu_mode', 'format', 'hop', 'le', 'reason']);
});

void t.test('the process shows what it uses', async (t) => {
  const metrics = await startMetrics('relay', { scraped: true, env: {}, log });
  t.teardown(() => metrics?.close());
  const before = parseExposition((await metrics?.text()) ?? '');
  // A collection begins anew: the first sample behind it has nothing to be compared with.
  await sleep(40);
  const end = performance.now() + 60;
  while (performance.now() < end);
  await sleep(20);
  const families = parseExposition((await metrics?.text()) ?? '');
  t.ok(valueOf(families, 'process_memory_usage_bytes') > 10e6);
  const cpu = (of: typeof families) => valueOf(of, 'process_cpu_time_seconds_total', { cpu_mode: 'user' });
  t.ok(cpu(families) > cpu(before));
  t.ok(valueOf(families, 'nodejs_eventloop_delay_max_seconds') > 0.03, 'the blocked turn shows');
  t.ok(valueOf(families, 'nodejs_eventloop_utilization_ratio') > 0.3);
});

interface Export {
  readonly path: string;
  readonly type: string;
  readonly authorization: string;
  readonly body: Buffer;
}

/** What an OTLP collector is, as far as a sender can tell; sets the environment that leads to it. */
async function collector(t: Test, env: Readonly<Record<string, string>> = {}) {
  const exports: Export[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { url: path = '', headers } = request;
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { 'content-type': type = '', authorization = '' } = headers;
      exports.push({ path, type, authorization, body: Buffer.concat(parts) });
      response.writeHead(200, { 'Content-Type': type }).end(type === 'application/json' ? '{}' : '');
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  setEnv(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...env });
  return exports;
}

/** The exporters read process.env themselves. */
function setEnv(t: Test, env: Readonly<Record<string, string>>): void {
  Object.assign(process.env, env);
  t.teardown(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
}

const PART = {
  stats: {
    messages: 1,
    records: 1_234,
    bytes: 1,
    duplicates: 0,
    lostInTransit: 56,
    lostUpstream: 0,
    refused: {},
  },
  sources: 1,
};

interface Otlp {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly unit: string;
        readonly sum?: { readonly dataPoints: readonly { asDouble?: number; asInt?: number }[] };
      }[];
    }[];
  }[];
}

void t.test('OTLP as JSON carries the last account of a part that has ended', async (t) => {
  const exports = await collector(t, {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x',
    OTEL_SERVICE_NAME: 'vm-7',
  });
  const metrics = await startMetrics('consolidator', { scraped: false, env: process.env, log });
  const stop = observeConsolidator(PART);
  stop();
  await metrics?.close();
  t.equal(exports.length, 1);
  const [{ path, type, authorization, body }] = exports as [Export];
  t.strictSame([path, type, authorization], ['/v1/metrics', 'application/json', 'Bearer x']);
  const [sent] = (JSON.parse(body.toString()) as Otlp).resourceMetrics;
  const attribute = (key: string) =>
    sent?.resource.attributes.find((one) => one.key === key)?.value.stringValue;
  t.equal(attribute('service.name'), 'vm-7', 'the environment has the last word');
  t.ok(attribute('service.version'));
  const all = sent?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const named = (name: string) => all.find((metric) => metric.name === name);
  const value = (name: string) => {
    const [point] = named(name)?.sum?.dataPoints ?? [];
    return point?.asDouble ?? Number(point?.asInt);
  };
  t.equal(value('spillway.records.in'), 1_234, 'under the name that OpenTelemetry has for it');
  t.equal(named('spillway.records.in')?.unit, '{record}');
  t.equal(value('spillway.records.dropped'), 56);
});

void t.test('OTLP goes out as protobuf, at the interval that the environment gives', async (t) => {
  const exports = await collector(t, { OTEL_METRIC_EXPORT_INTERVAL: '20' });
  const metrics = await startMetrics('relay', { scraped: true, env: process.env, log });
  t.teardown(() => metrics?.close());
  const stop = observeConsolidator(PART);
  await until(() => exports.length >= 2);
  stop();
  const [, { path, type, body }] = exports as [Export, Export];
  t.strictSame([path, type], ['/v1/metrics', 'application/x-protobuf']);
  for (const word of ['spillway.records.in', 'spillway-relay', 'consolidator'])
    t.ok(body.includes(word), word);
  t.match(await metrics?.text(), 'spillway_records_in_total', 'beside Prometheus');
});

void t.test('a collector that is not there is told of, and holds up no shutdown', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  setEnv(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  const said: string[] = [];
  const own = createLog('relay', (line) => said.push((JSON.parse(line) as { msg: string }).msg));
  const metrics = await startMetrics('relay', { scraped: false, env: process.env, log: own });
  const begin = performance.now();
  await metrics?.close();
  t.ok(performance.now() - begin < 4_000);
  t.match(said.join('\n'), /OpenTelemetry: /);
});

void t.test('what is remembered and what is replayed of it is counted', async (t) => {
  const { consolidator, relay, sidecar } = await startParts(t);
  const live = (await Reader.open(t, `${relay.url}${STREAM}`)).read();
  sidecar.chunk('stdout', Buffer.from('line 1\nline 2\nline 3\n'));
  await until(() => live.lines === 3);
  const late = (await Reader.open(t, `${relay.url}${STREAM}?tail=2`)).read();
  await until(() => late.lines === 2);
  const families = parseExposition((await ask(`${relay.url}/metrics`)).body);
  const count = (name: string) => valueOf(families, `spillway_${name}`, { hop: 'consolidator' });
  const { recent, replays } = consolidator;
  t.ok(recent.bytes > 0 && recent.topics > 0 && replays.pages > 0 && replays.bytes > 0);
  t.ok(count('replay_records_total') >= 2);
  t.strictSame(
    {
      recent: { bytes: count('recent_bytes'), topics: count('recent_topics') },
      replays: {
        pages: count('replay_pages_total'),
        records: count('replay_records_total'),
        bytes: count('replay_bytes_total'),
        refused: count('replay_refused_total'),
        unsent: count('replay_unsent_total'),
      },
    },
    { recent, replays },
  );
});

import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import t, { type Test } from 'tap';
import { addLosses, lossOf, NO_LOSSES, type Losses } from '../../accounting/index.js';
import {
  createWriteLatency,
  observeConsolidator,
  observeDiscovery,
  observeRelay,
  observeSidecar,
  WRITE_LATENCY,
} from '../../telemetry/index.js';

/** A meter provider for one test; `read` collects and answers one series' value. */
function provider(t: Test) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const own = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(own);
  t.teardown(async () => {
    metrics.disable();
    await own.shutdown();
  });
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    return exporter.getMetrics()[0]?.scopeMetrics ?? [];
  };
  const read = async (name: string, attributes: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const [scope] = await collect();
    const metric = scope?.metrics.find(({ descriptor }) => descriptor.name === name);
    const points = metric === undefined ? [] : [...metric.dataPoints];
    const wanted = JSON.stringify(attributes);
    return points.find((point) => JSON.stringify(point.attributes) === wanted)?.value;
  };
  return { collect, read };
}

function consolidator(records: number, sources = 1) {
  return {
    stats: {
      messages: 2,
      records,
      bytes: 3,
      duplicates: 4,
      lostInTransit: 5,
      lostUpstream: 6,
      refused: { size: 7, topic: 0 },
    },
    sources,
  };
}

const HOP = { hop: 'consolidator' };

void t.test('a part is read when somebody collects, and only then', async (t) => {
  const { read } = provider(t);
  let reads = 0;
  const part = {
    ...consolidator(10),
    get sources() {
      reads += 1;
      return reads;
    },
  };
  const stop = observeConsolidator(part);
  t.equal(reads, 0);
  t.equal(await read('spillway.sources', HOP), 1);
  part.stats.records = 25;
  t.equal(await read('spillway.records.in', HOP), 25);
  t.equal(reads, 2);
  stop();
});

void t.test('parts of one kind are added up, and one that has ended keeps its totals', async (t) => {
  const { read } = provider(t);
  const stopFirst = observeConsolidator(consolidator(10, 3));
  const stopSecond = observeConsolidator(consolidator(5, 4));
  t.equal(await read('spillway.records.in', HOP), 15);
  t.equal(await read('spillway.sources', HOP), 7);
  stopFirst();
  stopFirst();
  t.equal(await read('spillway.records.in', HOP), 15, 'a counter never goes back');
  t.equal(await read('spillway.sources', HOP), 4, 'its sources are gone with it');
  stopSecond();
});

void t.test('each number of a consolidator has its place', async (t) => {
  const { read } = provider(t);
  const stop = observeConsolidator(consolidator(10));
  t.equal(await read('spillway.messages.in', HOP), 2);
  t.equal(await read('spillway.bytes.in', HOP), 3);
  t.equal(await read('spillway.records.duplicate', HOP), 4);
  t.equal(await read('spillway.records.dropped', { ...HOP, reason: 'transit' }), 5);
  t.equal(
    await read('spillway.records.dropped.upstream', {
      hop: 'sidecar',
      reason: 'sidecar-overflow',
      by: 'consolidator',
    }),
    6,
  );
  t.equal(await read('spillway.messages.refused', { ...HOP, reason: 'size' }), 7);
  t.equal(await read('spillway.messages.refused', { ...HOP, reason: 'topic' }), 0);
  stop();
});

void t.test('each number of a sidecar has its place', async (t) => {
  const { read } = provider(t);
  const hop = { hop: 'sidecar' };
  const sent = { sent: 4, messages: 5, sentBytes: 6 };
  const left = { lost: 7, abandoned: 8, queued: 9, queuedBytes: 10, stalled: 1_500 };
  const stop = observeSidecar({ stats: { captured: 1, unread: 2, bytes: 3, ...sent, ...left } });
  t.equal(await read('spillway.records.captured', hop), 1);
  t.equal(await read('spillway.records.unread', hop), 2);
  t.equal(await read('spillway.bytes.in', hop), 3);
  t.equal(await read('spillway.records.out', hop), 4);
  t.equal(await read('spillway.messages.out', hop), 5);
  t.equal(await read('spillway.bytes.out', hop), 6);
  t.equal(await read('spillway.records.dropped', { ...hop, reason: 'sidecar-overflow' }), 7);
  t.equal(await read('spillway.records.dropped', { ...hop, reason: 'shutdown' }), 8);
  t.equal(await read('spillway.queue.records', hop), 9);
  t.equal(await read('spillway.queue.bytes', hop), 10);
  t.equal(await read('spillway.stall.time', hop), 1.5, 'seconds');
  stop();
});

/** So many of each kind, in order. */
function lossesOf(...counts: number[]): Losses {
  return counts.reduce<Losses>((sum, count, kind) => addLosses(sum, lossOf(kind, count)), NO_LOSSES);
}

function relay(lags: readonly number[]) {
  const { stats } = consolidator(10);
  return {
    intake: { stats: { ...stats, wrapped: 3, lost: lossesOf(1, 2, 4) }, sources: 2 },
    totals: { matched: 100, delivered: 70, dropped: lossesOf(0, 0, 0, 8, 16), queued: 5, abandoned: 1 },
    buffered: 8,
    hubs: 6,
    connected: 7,
    consumers: () => lags.map((lag) => ({ consumer: { lag }, request: { format: 'sse' } })),
  };
}

void t.test('each number of a relay has its place', async (t) => {
  const { read } = provider(t);
  const hop = { hop: 'relay' };
  const stop = observeRelay(relay([20, 3_000]), ['sse', 'text'], () => 99);
  t.equal(await read('spillway.records.wrapped', hop), 3);
  t.equal(await read('spillway.records.matched', hop), 100);
  t.equal(await read('spillway.records.out', hop), 70);
  t.equal(await read('spillway.queue.records', hop), 5);
  t.equal(await read('spillway.records.abandoned', hop), 1);
  t.equal(await read('spillway.queue.bytes', hop), 8);
  t.equal(await read('spillway.bytes.out', hop), 99);
  t.equal(await read('spillway.hubs'), 6);
  t.equal(await read('spillway.consolidators'), 7);
  t.equal(await read('spillway.consumers', { format: 'sse' }), 2);
  t.equal(await read('spillway.consumers', { format: 'text' }), 0);
  t.equal(await read('spillway.consumer.lag'), 3, 'the worst, in seconds');
  const dropped = (name: string, at: string, reason: string) =>
    read(name, { hop: at, reason, ...(at !== 'relay' && { by: 'relay' }) });
  t.equal(await dropped('spillway.records.dropped.upstream', 'sidecar', 'sidecar-overflow'), 1);
  t.equal(await dropped('spillway.records.dropped.upstream', 'consolidator', 'transit'), 2);
  t.equal(await dropped('spillway.records.dropped', 'relay', 'transit'), 4);
  t.equal(await dropped('spillway.records.dropped', 'relay', 'consumer-overflow'), 8);
  t.equal(await dropped('spillway.records.dropped', 'relay', 'shutdown'), 16);
  stop();
});

void t.test('the lag of two relays is that of the worse', async (t) => {
  const { read } = provider(t);
  const stops = [[2_000], [500]].map((lags) => observeRelay(relay(lags), ['sse'], () => 0));
  t.equal(await read('spillway.consumer.lag'), 2);
  t.equal(await read('spillway.consumers', { format: 'sse' }), 2);
  stops.forEach((stop) => stop());
});

void t.test('latency falls into buckets of seconds, and a negative one into the first', async (t) => {
  const { collect } = provider(t);
  const record = createWriteLatency();
  for (const age of [-5, 0, 3, 40, 60_000]) record(age);
  const [scope] = await collect();
  const [metric] = scope?.metrics ?? [];
  if (metric?.dataPointType !== DataPointType.HISTOGRAM) return t.fail('there is a histogram');
  const { count, sum, buckets } = metric.dataPoints[0]?.value ?? {};
  t.strictSame(buckets?.boundaries, [...WRITE_LATENCY.boundaries]);
  t.strictSame(buckets?.counts, [2, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  t.equal(count, 5);
  t.ok(Math.abs((sum ?? 0) - 60.043) < 1e-9);
});

void t.test('parts that start under another provider are shown by that one alone', async (t) => {
  const first = provider(t);
  const stop = observeConsolidator(consolidator(10));
  metrics.disable();
  const second = provider(t);
  const stopOther = observeConsolidator(consolidator(1));
  t.equal(await first.read('spillway.records.in', HOP), 10);
  t.equal(await second.read('spillway.records.in', HOP), 1);
  stop();
  stopOther();
});

void t.test('where no provider is set, nothing is read but the last account', async (t) => {
  let reads = 0;
  const stop = observeSidecar({
    get stats() {
      reads += 1;
      const rest = { lost: 0, abandoned: 0, queued: 0, queuedBytes: 0, stalled: 0 };
      return { captured: 0, unread: 0, bytes: 0, sent: 0, messages: 0, sentBytes: 0, ...rest };
    },
  });
  stop();
  stop();
  t.equal(reads, 1);
});

void t.test('the meter says which version of Spillway it is', async (t) => {
  const { collect } = provider(t);
  const stop = observeConsolidator(consolidator(10));
  const [scope] = await collect();
  t.equal(scope?.scope.name, 'spillway');
  t.match(scope?.scope.version ?? '', /^\d+\.\d+\.\d+/);
  stop();
});

void t.test('each number of discovery has its place, and its counters stay when it ends', async (t) => {
  const { read } = provider(t);
  const stop = observeDiscovery({ stats: { entries: 3, changes: 5, problems: 2, age: 1_500 } });
  t.equal(await read('spillway.discovery.entries'), 3);
  t.equal(await read('spillway.discovery.changes'), 5);
  t.equal(await read('spillway.discovery.problems'), 2);
  t.equal(await read('spillway.discovery.age'), 1.5);
  stop();
  t.equal(await read('spillway.discovery.changes'), 5);
});

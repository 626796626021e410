import { sumOf } from '../probe/exposition.js';
import { lossRows, type LossRow } from './losses.js';
import type { ConsumerReading, PartKind, Reading } from './poll.js';
import { rateOf } from './rate.js';

/** A part, with what it did since the reading before. Undefined is what is not known. */
export interface PartRow {
  readonly kind: PartKind;
  readonly url: string;
  readonly problem?: string;
  readonly version?: string;
  /** Records a second. */
  readonly in: number | undefined;
  readonly out: number | undefined;
  /** Bytes a second: in of a consolidator, out of a relay. */
  readonly bytes: number | undefined;
  readonly sources: number | undefined;
  /** Of a consolidator: bytes of the recent past, and records a second that it replays out of it. */
  readonly past: number | undefined;
  readonly replayed: number | undefined;
  /** Of a relay: consolidators it is connected to, and those that it knows of. */
  readonly connected: number | undefined;
  readonly known: number | undefined;
  readonly consumers: number | undefined;
  /** ms, of the consumer that is furthest behind. */
  readonly lag: number | undefined;
  readonly queued: number | undefined;
  /** By its own fault or on the link to it, in all and a second. */
  readonly dropped: number | undefined;
  readonly droppedRate: number | undefined;
  /** Share of a processor. */
  readonly cpu: number | undefined;
  /** Share of the time for which its event loop was busy. */
  readonly busy: number | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
}

export interface ConsumerRow extends ConsumerReading {
  readonly relay: string;
  /** Records a second. */
  readonly rate: number | undefined;
  readonly droppedRate: number | undefined;
  /** Share of its buffer that is taken, in records or bytes, whichever is more. */
  readonly full: number;
}

export interface StreamRow {
  readonly stream: string;
  readonly consumers: number;
  readonly rate: number | undefined;
  /** ms, the worst. */
  readonly lag: number;
  readonly queued: number;
  readonly dropped: number;
  readonly droppedRate: number | undefined;
}

export interface Model {
  readonly parts: readonly PartRow[];
  readonly losses: readonly LossRow[];
  readonly streams: readonly StreamRow[];
  readonly consumers: readonly ConsumerRow[];
  /** Over all relays; more than are listed where a relay has very many. */
  readonly totalConsumers: number;
}

/** What the readings say, with rates from those before them. */
export function modelOf(now: readonly Reading[], before: readonly Reading[]): Model {
  const pairs = now.map((reading) => ({ reading, last: lastOf(reading, before) }));
  const consumers = pairs.flatMap(({ reading, last }) => consumerRows(reading, last));
  return {
    parts: pairs.map(({ reading, last }) => partRow(reading, last)),
    losses: lossRows(pairs),
    streams: streamRows(consumers),
    consumers,
    totalConsumers: now.reduce((sum, { total }) => sum + total, 0),
  };
}

function lastOf(reading: Reading, before: readonly Reading[]): Reading | undefined {
  const last = before.find(({ kind, url }) => kind === reading.kind && url === reading.url);
  return last !== undefined && last.samples.length > 0 ? last : undefined;
}

function partRow({ kind, url, problem, samples, at }: Reading, last: Reading | undefined): PartRow {
  const seconds = last === undefined ? 0 : (at - last.at) / 1000;
  const value = (name: string, labels?: Record<string, string>) => sumOf(samples, name, labels);
  const rate = (name: string, labels?: Record<string, string>) =>
    rateOf(sumOf(samples, name, labels), last && sumOf(last.samples, name, labels), seconds);
  const own = { hop: kind };
  const lag = value('spillway_consumer_lag_seconds');
  const version = samples.find(({ name }) => name === 'target_info')?.labels['service_version'];
  return {
    kind,
    url,
    ...(problem !== undefined && { problem }),
    ...(version !== undefined && { version }),
    in: rate('spillway_records_in_total', own),
    out: rate('spillway_records_out_total', own),
    bytes: rate(kind === 'relay' ? 'spillway_bytes_out_total' : 'spillway_bytes_in_total', own),
    sources: value('spillway_sources', own),
    past: value('spillway_recent_bytes'),
    replayed: rate('spillway_replay_records_total'),
    connected: value('spillway_consolidators'),
    known: value('spillway_discovery_entries'),
    consumers: value('spillway_consumers'),
    lag: lag === undefined ? undefined : lag * 1000,
    queued: value('spillway_queue_records', own),
    dropped: value('spillway_records_dropped_total', own),
    droppedRate: rate('spillway_records_dropped_total', own),
    cpu: rate('process_cpu_time_seconds_total'),
    busy: value('nodejs_eventloop_utilization_ratio'),
    memory: value('process_memory_usage_bytes'),
  };
}

function consumerRows({ url, consumers, at }: Reading, last: Reading | undefined): ConsumerRow[] {
  const seconds = last === undefined ? 0 : (at - last.at) / 1000;
  const known = new Map(last?.consumers.map((consumer) => [consumer.id, consumer]));
  return consumers.map((consumer) => {
    const { id, lag, hwm, delivered, dropped } = consumer;
    const was = known.get(id);
    return {
      ...consumer,
      relay: url,
      rate: rateOf(delivered, was?.delivered, seconds),
      droppedRate: rateOf(dropped, was?.dropped, seconds),
      full: Math.max(shareOf(lag.records, hwm.records), shareOf(lag.bytes, hwm.bytes)),
    };
  });
}

function shareOf(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function streamRows(consumers: readonly ConsumerRow[]): StreamRow[] {
  const streams = new Map<string, ConsumerRow[]>();
  for (const consumer of consumers) {
    const rows = streams.get(consumer.stream);
    if (rows === undefined) streams.set(consumer.stream, [consumer]);
    else rows.push(consumer);
  }
  return Array.from(streams, ([stream, rows]) => ({
    stream,
    consumers: rows.length,
    rate: totalOf(rows.map(({ rate }) => rate)),
    lag: Math.max(...rows.map(({ lag }) => lag.ms)),
    queued: rows.reduce((sum, { lag }) => sum + lag.records, 0),
    dropped: rows.reduce((sum, { dropped }) => sum + dropped, 0),
    droppedRate: totalOf(rows.map(({ droppedRate }) => droppedRate)),
  }));
}

/** Of those that are known. */
function totalOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

import { Hono } from 'hono';
import { LOSS_KINDS, SILENT_SOURCES, type LossKind } from '../accounting/index.js';
import { settledLosses } from '../telemetry/index.js';
import { formatStream } from '../wire/index.js';
import type { RelayCore } from './core.js';
import type { Joined } from './joined.js';
import type { Format } from './encode/index.js';
import type { FilterSpec } from './filter.js';
import type { ConsumerOverflow } from './options.js';
import { Problem } from './problem.js';

/** One consumer as an operator sees it. `matched = delivered + dropped + queued`, in each row. */
export interface ConsumerRow {
  readonly id: string;
  readonly stream: string;
  readonly format: Format;
  /** What it asked for; empty where it reads everything. */
  readonly filter: FilterSpec;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Address of its end of the connection. */
  readonly remote: string;
  readonly overflow: ConsumerOverflow;
  /** The most that may wait for it. */
  readonly hwm: { readonly records: number; readonly bytes: number };
  /** What waits for it, and how long ago the oldest of that was captured. */
  readonly lag: { readonly records: number; readonly bytes: number; readonly ms: number };
  /** Records that passed its filter since it came. */
  readonly matched: number;
  readonly delivered: number;
  /** Dropped by its own buffer. */
  readonly dropped: number;
  readonly queued: number;
  /**
   * What it misses, by hop and reason. The relay's `consumer-overflow` and `shutdown` are its own and add up to
   * `dropped`; the others were lost before they came here, and count the stream, not the filter.
   */
  readonly losses: readonly (LossKind & { readonly count: number })[];
  /** Sources that fell silent without a word: how many of their records it misses nobody can know. */
  readonly silentSources: number;
  /** Runs of consolidators that have said or shown that they send its stream, since it is read here. */
  readonly consolidators: number;
}

export interface ConsumersPage {
  /** When this was true: ISO 8601, UTC. All rows are of one instant. */
  readonly time: string;
  /** Consumers in all. */
  readonly total: number;
  /** The worst lag first. */
  readonly consumers: readonly ConsumerRow[];
}

export const DEFAULT_CONSUMERS_LIMIT = 100;
export const MAX_CONSUMERS_LIMIT = 10_000;

/**
 * `GET /v1/consumers?limit=`: who reads what, how far behind, and what was dropped for whom. It names tenants and
 * addresses, so it is an operator's: whoever mounts it puts the check of the admin scope in front of it.
 */
export function createConsumersRoute(core: RelayCore): Hono {
  return new Hono().get('/', (c) => {
    const page = pageOf(core, limitOf(c.req.query('limit')));
    return c.json(page, 200, { 'Cache-Control': 'no-store' });
  });
}

/** The consumers furthest behind. */
export function pageOf(core: Pick<RelayCore, 'consumers' | 'size'>, limit: number): ConsumersPage {
  const all = Array.from(core.consumers(), (joined) => ({ joined, ms: joined.consumer.lag }));
  // Records of a sender that says no time have no age: then the number that waits decides.
  all.sort((a, b) => b.ms - a.ms || queuedOf(b.joined) - queuedOf(a.joined));
  return {
    time: new Date().toISOString(),
    total: core.size,
    consumers: all.slice(0, limit).map(({ joined, ms }) => rowOf(joined, ms)),
  };
}

function rowOf({ id, remote, consumer, request, heardOf }: Joined, ms: number): ConsumerRow {
  const { hwm, hwmBytes, overflow } = request.buffer;
  const { matched, delivered, dropped, queued } = consumer.balance;
  const losses = settledLosses(consumer);
  return {
    id,
    stream: formatStream(request.stream),
    format: request.format,
    filter: request.filter,
    since: new Date(consumer.since).toISOString(),
    remote,
    overflow,
    hwm: { records: hwm, bytes: hwmBytes },
    lag: { records: queued, bytes: consumer.backlog.bytes, ms: Math.round(ms) },
    matched,
    delivered,
    dropped,
    queued,
    losses: LOSS_KINDS.map((kind, i) => ({ ...kind, count: losses[i] as number })).filter(
      ({ count }) => count > 0,
    ),
    silentSources: losses[SILENT_SOURCES],
    consolidators: heardOf(),
  };
}

function queuedOf({ consumer }: Joined): number {
  return consumer.balance.queued;
}

function limitOf(word: string | undefined): number {
  if (word === undefined) return DEFAULT_CONSUMERS_LIMIT;
  const limit = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (limit >= 1 && limit <= MAX_CONSUMERS_LIMIT) return limit;
  throw new Problem(
    400,
    'Bad request',
    `?limit= is a whole number from 1 to ${MAX_CONSUMERS_LIMIT}, not ${JSON.stringify(word)}.`,
  );
}

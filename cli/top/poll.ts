import { parseSamples, type Sample } from '../probe/exposition.js';
import { get } from '../probe/get.js';
import { visible } from '../../wire/visible.js';

export type PartKind = 'consolidator' | 'relay';

export interface PartAddress {
  readonly kind: PartKind;
  readonly url: string;
}

/** One consumer of a relay, as `GET /v1/consumers` has it; fields that are not used here are left out. */
export interface ConsumerReading {
  readonly id: string;
  readonly stream: string;
  readonly format: string;
  readonly remote: string;
  readonly hwm: { readonly records: number; readonly bytes: number };
  readonly lag: { readonly records: number; readonly bytes: number; readonly ms: number };
  readonly delivered: number;
  readonly dropped: number;
}

/** What a part said of itself at one time. */
export interface Reading extends PartAddress {
  /** On the clock of performance.now(). */
  readonly at: number;
  /** Why there is nothing, or not all. */
  readonly problem?: string;
  readonly samples: readonly Sample[];
  readonly consumers: readonly ConsumerReading[];
  /** All of the relay's, where not all are listed. */
  readonly total: number;
}

export interface PollOptions {
  readonly token: () => string | undefined;
  /** ms */
  readonly timeout: number;
}

/** Consumers that are asked for of each relay: those furthest behind. */
const CONSUMERS_LIMIT = 1_000;

export async function poll({ kind, url }: PartAddress, options: PollOptions): Promise<Reading> {
  const [metrics, page] = await Promise.all([
    // A consolidator asks for no token, and its page comes in clear.
    get(`${url}/metrics`, kind === 'relay' ? options : { timeout: options.timeout }),
    kind === 'relay' ? get(`${url}/v1/consumers?limit=${CONSUMERS_LIMIT}`, options) : undefined,
  ]);
  const samples = metrics.ok ? parseSamples(metrics.text) : [];
  const isPart = samples.some(({ name }) => name.startsWith('spillway_'));
  const problems = [
    ...(metrics.ok ? (isPart ? [] : ['what answers there is no part of Spillway']) : [metrics.why]),
    ...(page === undefined || page.ok || !metrics.ok ? [] : [`its consumers: ${page.why}`]),
  ];
  const { consumers, total } = consumersOf(page?.ok ? page.text : '');
  const [problem] = problems;
  return {
    kind,
    url,
    at: performance.now(),
    samples,
    consumers,
    total,
    ...(problem !== undefined && { problem }),
  };
}

/** Whatever was sent, what comes back has the fields that are used, and its texts drive no terminal. */
function consumersOf(text: string): { consumers: ConsumerReading[]; total: number } {
  let page: { consumers?: unknown; total?: unknown };
  try {
    page = JSON.parse(text) as typeof page;
  } catch {
    return { consumers: [], total: 0 };
  }
  const rows = Array.isArray(page.consumers) ? (page.consumers as unknown[]) : [];
  const consumers = rows
    .filter((row) => typeof row === 'object' && row !== null)
    .map((row) => readingOf(row));
  return { consumers, total: Math.max(consumers.length, numberOf(page.total)) };
}

function readingOf(row: object): ConsumerReading {
  const fields = row as Readonly<Record<string, unknown>>;
  const text = (name: string) => visible(textOf(fields[name]));
  const part = (name: string) => (fields[name] ?? {}) as Readonly<Record<string, unknown>>;
  const [hwm, lag] = [part('hwm'), part('lag')];
  return {
    id: text('id'),
    stream: text('stream'),
    format: text('format'),
    remote: text('remote'),
    hwm: { records: numberOf(hwm['records']), bytes: numberOf(hwm['bytes']) },
    lag: { records: numberOf(lag['records']), bytes: numberOf(lag['bytes']), ms: numberOf(lag['ms']) },
    delivered: numberOf(fields['delivered']),
    dropped: numberOf(fields['dropped']),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

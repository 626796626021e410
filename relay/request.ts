import { isSegment, parseCursor, parseLevel, parseOwed, type Stream } from '../wire/index.js';
import { FORMATS, type Format } from './encode/index.js';
import type { JoinRequest } from './joined.js';
import { CONSUMER_OVERFLOW_POLICIES, type ConsumerOverflow, type ResolvedRelayOptions } from './options.js';
import { Problem } from './problem.js';
import type { PastAsked } from './rejoin.js';

/** The headers of a request that matter. */
export interface RequestHeaders {
  readonly accept?: string | undefined;
  readonly lastEventId?: string | undefined;
}

/** Reads what a client asks for out of a request's parts. @throws {Problem} 400 or 406, with what to do */
export function parseRequest(
  stream: Stream,
  query: URLSearchParams,
  { accept, lastEventId }: RequestHeaders,
  options: ResolvedRelayOptions,
): JoinRequest {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw bad(`There is no parameter ${JSON.stringify(name)}; there are ${PARAMETERS.join(', ')}.`);
    }
  }
  const hwm = integer(query, 'hwm', 1, options.maxHwm) ?? options.hwm;
  const format = formatOf(query.get('format'), accept);
  const past = pastOf(query, lastEventId || query.get('lastEventId'), options);
  return {
    stream,
    format,
    filter: filterOf(query),
    ...(past !== undefined && { past }),
    ...(wantsCursors(query.get('cursor'), format) && { cursors: true }),
    buffer: {
      hwm,
      // Who asks for room for more records gets the bytes for them, at a kibibyte each.
      hwmBytes: Math.min(options.maxHwmBytes, Math.max(options.hwmBytes, hwm * 1024)),
      overflow: overflowOf(query.get('overflow')) ?? options.overflow,
    },
  };
}

/**
 * Where a reader begins. A position goes before `tail` and `since`: an EventSource that reconnects says all three. One
 * that cannot be read is no mistake of the reader's, who was given it by some relay, but nobody knows where it was.
 */
function pastOf(
  query: URLSearchParams,
  lastEventId: string | null,
  { maxTail }: ResolvedRelayOptions,
): PastAsked | undefined {
  const tail = integer(query, 'tail', 0, maxTail);
  const since = sinceOf(query.get('since'), Date.now());
  if (lastEventId) return { cursor: parseCursor(lastEventId), owed: parseOwed(lastEventId) };
  if (tail === undefined && since === undefined) return undefined;
  return { ...(tail !== undefined && { tail }), ...(since !== undefined && { since }) };
}

const MS_OF = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const MAX_SINCE_DAYS = 7;

function sinceOf(word: string | null, now: number): number | undefined {
  if (word === null) return undefined;
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(word) ?? [];
  const time =
    amount === undefined
      ? Date.parse(/^\d{4}-\d\d-\d\d(?:T|$)/.test(word) ? word : '')
      : now - Number(amount) * MS_OF[unit as keyof typeof MS_OF];
  if (Number.isNaN(time)) {
    throw bad(
      `?since= is a duration such as 30s, 15m or 2h, or a time such as 2026-01-31T13:45:00Z, not ${JSON.stringify(word)}.`,
    );
  }
  if (time > now) throw bad(`?since=${word} lies ahead: name a time that has passed.`);
  if (now - time > MAX_SINCE_DAYS * MS_OF.d)
    throw bad(`?since= reaches back ${MAX_SINCE_DAYS} days at most; what is remembered is far less.`);
  // Readers who ask for the last hour at about the same time ask for the same, and share it.
  const step = unit === undefined || unit === 'ms' ? 1 : MS_OF.s;
  return Math.floor(time / step) * step;
}

function wantsCursors(word: string | null, format: Format): boolean {
  if (word === null || word === '0') return false;
  if (word !== '1') throw bad(`?cursor= is 1 or 0, not ${JSON.stringify(word)}.`);
  if (format === 'text') throw bad('Plain text has no place for a cursor: ask for ?format=ndjson or sse.');
  return true;
}

/**
 * Refuses a request target that climbs. URL parsing would resolve `/tenant/acme/../other` and answer with the stream of
 * `other`, which a proxy that guards `/tenant/acme/` had not meant to let through.
 *
 * @param target as it stood in the request line
 * @throws {Problem} 400
 */
export function refuseDots(target: string): void {
  const [path = ''] = target.split(/[?#]/, 1);
  if (!DOT_SEGMENT.test(path)) return;
  throw bad(`${JSON.stringify(path)} holds a segment of dots: send the path that is meant.`);
}

const DOT_SEGMENT = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;

const PARAMETERS = [
  'format',
  'level',
  'q',
  'container',
  'tail',
  'since',
  'cursor',
  'hwm',
  'overflow',
  'lastEventId',
  'ticket',
];

/** A name in a path. @throws {Problem} 400 where it is outside the grammar, in whatever spelling */
export function segment(kind: string, text: string): string {
  if (isSegment(text)) return text;
  throw bad(
    `${JSON.stringify(text)} cannot name a ${kind}: use 1 to 128 of A-Z a-z 0-9 . _ - (and not . or ..).`,
  );
}

const MEDIA_TYPES: Readonly<Record<Format, readonly string[]>> = {
  sse: ['text/event-stream'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  text: ['text/plain'],
};

/** Which of the formats that a client likes alike it gets, where it named none of them in so many words. */
const BY_DEFAULT: readonly Format[] = ['text', 'sse', 'ndjson'];

/**
 * The format by `?format=`, or else by `Accept` (RFC 9110, 12.5.1): the one of the highest quality; of those alike, one
 * that is named rather than matched by a wildcard, and the first named; plain text unless something else is asked for.
 */
export function formatOf(word: string | null, accept: string | undefined): Format {
  if (word !== null) {
    const format = FORMATS.find((known) => known === word);
    if (format === undefined)
      throw bad(`There is no format ${JSON.stringify(word)}; there are ${FORMATS.join(', ')}.`);
    return format;
  }
  if (accept === undefined || accept.trim() === '') return 'text';
  const ranges = parseAccept(accept);
  let best: { format: Format; range: MediaRange } | undefined;
  for (const format of BY_DEFAULT) {
    const range = rangeFor(format, ranges);
    if (range === undefined || range.q === 0) continue;
    if (best === undefined || isBetter(range, best.range)) best = { format, range };
  }
  if (best === undefined) {
    throw new Problem(
      406,
      'Not acceptable',
      'A log stream comes as text/event-stream, application/x-ndjson or text/plain: accept one of them, or add ?format=sse, ndjson or text.',
    );
  }
  return best.format;
}

interface MediaRange {
  readonly type: string;
  /** 0 to 1; of 0 is what the client refuses. */
  readonly q: number;
  /** 2 names a type, 1 is `text/*`, 0 is anything. */
  readonly specific: number;
  /** Its place in the header. */
  readonly place: number;
}

/** The header's ranges; one whose weight is no number from 0 to 1 is left out. */
function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').flatMap((text, place) => {
    const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    if (!/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight)) return [];
    const specific = type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
    return [{ type, q: Number(weight), specific, place }];
  });
}

/** The most specific range that covers a format: what it says of it is what counts. */
function rangeFor(format: Format, ranges: readonly MediaRange[]): MediaRange | undefined {
  const types = MEDIA_TYPES[format];
  const covers = ({ type, specific }: MediaRange) =>
    specific === 0 ||
    types.some((known) => (specific === 1 ? known.startsWith(type.slice(0, -1)) : known === type));
  return ranges.filter(covers).reduce<MediaRange | undefined>((best, range) => {
    if (best === undefined || range.specific > best.specific) return range;
    return range.specific === best.specific && range.q > best.q ? range : best;
  }, undefined);
}

function isBetter(a: MediaRange, b: MediaRange): boolean {
  if (a.q !== b.q) return a.q > b.q;
  if (a.specific !== b.specific) return a.specific > b.specific;
  return a.place < b.place;
}

function filterOf(query: URLSearchParams) {
  const level = query.get('level');
  const q = query.get('q');
  const containers = query.getAll('container').flatMap((names) => names.split(','));
  const number = level === null ? undefined : parseLevel(level);
  if (level !== null && number === undefined) {
    throw bad(
      `${JSON.stringify(level)} is no level: use trace, debug, info, warn, error, fatal or a number from 1 to 99.`,
    );
  }
  if (q !== null && q.length > MAX_QUERY_CHARS)
    throw bad(`?q= is longer than ${MAX_QUERY_CHARS} characters: shorten it.`);
  if (containers.length > MAX_CONTAINERS)
    throw bad(`?container= names more than ${MAX_CONTAINERS}: name fewer.`);
  return {
    ...(number !== undefined && { level: number }),
    ...(q !== null && q !== '' && { q }),
    ...(containers.length > 0 && { containers: containers.map((name) => segment('container', name)) }),
  };
}

const MAX_QUERY_CHARS = 256;
const MAX_CONTAINERS = 100;

function overflowOf(word: string | null): ConsumerOverflow | undefined {
  if (word === null) return undefined;
  const policy = CONSUMER_OVERFLOW_POLICIES.find((known) => known === word);
  if (policy !== undefined) return policy;
  throw bad(`?overflow= is one of ${CONSUMER_OVERFLOW_POLICIES.join(', ')}, not ${JSON.stringify(word)}.`);
}

function integer(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const word = query.get(name);
  if (word === null) return undefined;
  const value = /^\d{1,9}$/.test(word) ? Number(word) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw bad(`?${name}= is a whole number from ${min} to ${max}, not ${JSON.stringify(word)}.`);
}

function bad(detail: string): Problem {
  return new Problem(400, 'Bad request', detail);
}

import { isBeginning, isId, isOrigin, MAX_NUMBER, type Beginning, type Origin } from './ledger.js';
import { parseStream, parseTopic } from './topic.js';

/**
 * Replay: a relay asks a consolidator for what it remembers of a stream, a page at a time. Each request is whole in
 * itself, so the consolidator keeps nothing of who asks; the relay goes on where a page ended.
 *
 * Normative text and vectors are in PROTOCOL.md and vectors/.
 */
export type ReplayRequest = ReplayHello | PageRequest;

/** Who are you, and do you remember anything? */
export interface ReplayHello {
  readonly kind: 'hello';
  /** Comes back with the answer. */
  readonly id: number;
}

export interface PageRequest {
  readonly kind: 'page';
  readonly id: number;
  readonly stream: string;
  /** Offset before which everything that is remembered is wanted. */
  readonly until: number;
  readonly start: PageStart;
  /** With what their ledgers said, so that the account of each source can be kept as if the batches had come live. */
  readonly ledgers?: true;
}

/** Where a page begins: at an offset; with the last n records; with what was captured at a time or later (ms). */
export type PageStart = { readonly from: number } | { readonly tail: number } | { readonly since: number };

/** What was remembered of one message. */
export interface RememberedBatch {
  readonly topic: string;
  /** Of its first record. */
  readonly offset: number;
  readonly count: number;
  /** When the oldest record was captured, ms since the epoch. */
  readonly at: number;
  readonly body: Buffer;
  /** Records of its source that are missing right before it: lost in the sidecar, and on the way to the consolidator. */
  readonly sidecar: number;
  readonly transit: number;
  /** Where that was asked for. */
  readonly ledger?: RememberedLedger;
}

/** What the ledger of a batch said that the batch does not. */
export interface RememberedLedger {
  readonly source: RememberedSource;
  readonly first: number;
  readonly lost: number;
  readonly transit: number;
}

/** A source as a consolidator knows it: shared by all its batches. */
export interface RememberedSource {
  readonly src: string;
  /** Where the consolidator's account of it begins, and where it began itself. */
  readonly begin: Beginning;
  readonly origin: Origin | undefined;
}

export interface ReplayWelcome {
  readonly kind: 'hello';
  readonly id: number;
  readonly node: string;
  /** Whether this consolidator remembers anything at all. */
  readonly remembers: boolean;
}

export interface ReplayPage {
  readonly kind: 'page';
  readonly id: number;
  readonly node: string;
  /** The offset that the consolidator's next record will get. */
  readonly head: number;
  /** Offset from which on the page holds all that is remembered. */
  readonly from: number;
  /** Ask from here for what follows; where it is not below the `until` that was asked for, this was all. */
  readonly next: number;
  /**
   * Records of the stream from `from` up to `next` that are not remembered any more, and those that were missing before
   * them; null where nobody knows.
   */
  readonly forgotten: number | null;
  readonly batches: readonly RememberedBatch[];
  readonly ledgers?: true;
}

export interface ReplayRefusal {
  readonly kind: 'refused';
  readonly id: number;
  readonly node: string;
}

export type ReplayAnswer = ReplayWelcome | ReplayPage | ReplayRefusal;

/** A request is one frame of no more than this. */
export const MAX_REPLAY_REQUEST_BYTES = 1024;

/** A page ends before the batch with which its bodies would be larger, unless that is its first. */
export const MAX_PAGE_BYTES = 256 * 1024;

/** Most batches in a page. */
export const MAX_PAGE_BATCHES = 2_000;

/** The header of a full page: 2,000 batches of ten numbers, as many topics and as many sources. */
const MAX_HEADER_BYTES = 1024 * 1024;

export function formatReplayRequest(request: ReplayRequest): Buffer {
  const { id } = request;
  if (request.kind === 'hello') return json({ v: 1, id });
  const { stream, until, start, ledgers } = request;
  return json({ v: 1, id, stream, until, ...start, ledgers });
}

/** Undefined for anything that is no request of version 1. */
export function parseReplayRequest(frame: Buffer | undefined): ReplayRequest | undefined {
  if (frame === undefined || frame.length > MAX_REPLAY_REQUEST_BYTES) return undefined;
  const fields = parseObject(frame);
  if (fields === undefined || fields['v'] !== 1 || !isCount(fields['id'])) return undefined;
  const { id, stream, until, from, tail, since, ledgers } = fields;
  if (stream === undefined) return { kind: 'hello', id };
  if (typeof stream !== 'string' || parseStream(stream) === undefined || !isCount(until)) return undefined;
  const starts = Object.entries({ from, tail, since }).filter(([, value]) => value !== undefined);
  const [only] = starts;
  if (only === undefined || starts.length > 1 || !isCount(only[1])) return undefined;
  const start = { [only[0]]: only[1] } as unknown as PageStart;
  return { kind: 'page', id, stream, until, start, ...(ledgers === true && { ledgers }) };
}

/** The frames of an answer: a header, and for a page the bodies of its batches one after another. */
export function formatReplayAnswer(answer: ReplayAnswer): Buffer[] {
  const { id, node } = answer;
  if (answer.kind === 'refused') return [json({ v: 1, id, node, refused: true })];
  if (answer.kind === 'hello') return [json({ v: 1, id, node, remembers: answer.remembers })];
  const { head, from, next, forgotten } = answer;
  const topics = [...new Set(answer.batches.map(({ topic }) => topic))];
  const places = new Map(topics.map((topic, i) => [topic, i]));
  const batches = answer.batches.map(({ topic, offset, count, at, body, sidecar, transit }) => [
    places.get(topic),
    offset,
    count,
    at,
    body.length,
    ...(sidecar + transit > 0 ? [sidecar, transit] : []),
  ]);
  const accounts = answer.ledgers ? formatLedgers(answer.batches) : {};
  return [
    json({ v: 1, id, node, head, from, next, forgotten, topics, batches, ...accounts }),
    Buffer.concat(answer.batches.map(({ body }) => body)),
  ];
}

/** A list of the sources, and a row for each batch that names its source by its place. */
function formatLedgers(batches: readonly RememberedBatch[]) {
  const places = new Map<RememberedSource, number>();
  const ledgers = batches.map(({ ledger }) => {
    if (ledger === undefined) return null;
    const { source, first, lost, transit } = ledger;
    // Of a sender that contradicts itself; a reader of this page would have to refuse the whole.
    if (first < source.begin[0] || first < lost) return null;
    const place = places.get(source) ?? places.size;
    places.set(source, place);
    return [place, first, lost, transit];
  });
  const sources = Array.from(places.keys(), ({ src, begin, origin }) =>
    origin ? [src, begin, origin] : [src, begin],
  );
  return { sources, ledgers };
}

/** Undefined for anything that is no answer of version 1. Bodies share the memory of the frame. */
export function parseReplayAnswer([header, body]: readonly Buffer[]): ReplayAnswer | undefined {
  if (header === undefined || header.length > MAX_HEADER_BYTES) return undefined;
  const fields = parseObject(header);
  if (fields === undefined || fields['v'] !== 1 || !isCount(fields['id']) || !isNode(fields['node']))
    return undefined;
  const { id, node } = fields;
  if (fields['refused'] === true) return { kind: 'refused', id, node };
  if (typeof fields['remembers'] === 'boolean')
    return { kind: 'hello', id, node, remembers: fields['remembers'] };
  const { head, from, next, forgotten, topics, batches } = fields;
  if (!isCount(head) || !isCount(from) || !isCount(next) || next < from) return undefined;
  if (forgotten !== null && !isCount(forgotten)) return undefined;
  if (!Array.isArray(topics) || !topics.every(isTopic) || !Array.isArray(batches)) return undefined;
  const parsed = parseBatches(batches as unknown[], topics, body ?? Buffer.alloc(0));
  if (parsed === undefined) return undefined;
  const page = { kind: 'page', id, node, head, from, next, forgotten } as const;
  const { sources, ledgers } = fields;
  if (ledgers === undefined) return { ...page, batches: parsed };
  const whole = withLedgers(parsed, sources, ledgers);
  return whole && { ...page, batches: whole, ledgers: true };
}

function withLedgers(batches: readonly RememberedBatch[], sources: unknown, rows: unknown) {
  if (!Array.isArray(sources) || !Array.isArray(rows) || rows.length !== batches.length) return undefined;
  const known: (RememberedSource | undefined)[] = sources.map(parseSource);
  const whole: RememberedBatch[] = [];
  for (const [i, row] of (rows as unknown[]).entries()) {
    const batch = batches[i] as RememberedBatch;
    if (row === null) {
      whole.push(batch);
      continue;
    }
    if (!Array.isArray(row) || row.length !== 4 || !row.every(isCount)) return undefined;
    const [place, first, lost, transit] = row as [number, number, number, number];
    const source = known[place];
    if (source === undefined || source.begin[0] > first || lost > first || transit > lost) return undefined;
    whole.push({ ...batch, ledger: { source, first, lost, transit } });
  }
  return whole;
}

function parseSource(row: unknown): RememberedSource | undefined {
  if (!Array.isArray(row) || row.length < 2 || row.length > 3) return undefined;
  const [src, begin, origin] = row as unknown[];
  if (!isId(src) || !isBeginning(begin, MAX_NUMBER)) return undefined;
  if (origin !== undefined && !isOrigin(origin, begin[0])) return undefined;
  return { src, begin, origin };
}

function parseBatches(rows: unknown[], topics: string[], body: Buffer): RememberedBatch[] | undefined {
  if (rows.length > MAX_PAGE_BATCHES) return undefined;
  const batches: RememberedBatch[] = [];
  let at = 0;
  let least = 0;
  for (const row of rows) {
    if (!Array.isArray(row) || (row.length !== 5 && row.length !== 7)) return undefined;
    const [place, offset, count, time, bytes, sidecar = 0, transit = 0] = row as unknown[];
    const topic = isCount(place) ? topics[place] : undefined;
    if (topic === undefined || !isCount(offset) || !isCount(count) || !isTime(time)) return undefined;
    if (!isCount(bytes) || !isCount(sidecar) || !isCount(transit)) return undefined;
    // In the order of their offsets, none of them twice: a relay's cursor must never go back.
    if (offset < least || at + bytes > body.length) return undefined;
    least = offset + count;
    batches.push({ topic, offset, count, at: time, body: body.subarray(at, at + bytes), sidecar, transit });
    at += bytes;
  }
  return at === body.length ? batches : undefined;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value), 'latin1');
}

function parseObject(frame: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(frame.toString('latin1'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_NUMBER;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMBER;
}

function isNode(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}

function isTopic(value: unknown): value is string {
  return typeof value === 'string' && parseTopic(value) !== undefined;
}

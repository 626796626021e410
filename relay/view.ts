import { addLosses, NO_LOSSES, type Losses } from '../accounting/index.js';
import { firstLink, frame, headOf, join, type Chunk, type Framed, type Link } from './chunk.js';
import type { Encoder } from './encode/index.js';
import type { Filter } from './filter.js';
import { noticesOf, type DropNotice } from './notice.js';
import type { RecordBatch } from './record-batch.js';

/** A reader's place in a view: `index` records of the link's chunk are behind it. */
export interface Place {
  readonly link: Link;
  readonly index: number;
}

/** What one write carries: everything from a place to the next one. */
export interface Span extends Framed {
  readonly records: number;
  readonly to: Place;
}

/**
 * The most that one write carries, bytes, unless a single chunk is larger. To a consumer that has everything before, since
 * those are all at the same place and share what is gathered for them: the larger, the fewer system calls.
 */
export const MAX_SHARED_BYTES = 1024 * 1024;
/** And to one that is behind, and pins it alone. */
const MAX_OWN_BYTES = 64 * 1024;

/** Spans made lately; consumers at the same place share one. Those that keep up are all at one or two places. */
const CACHED_SPANS = 4;

/**
 * One stream as one kind of consumer sees it: one format, one filter. Each record is encoded here once, however many
 * consumers read it; their buffers are the same bytes.
 */
export class View {
  readonly encoder: Encoder;
  readonly filter: Filter;
  #tail: Link;
  #records = 0;
  #bytes = 0;
  #losses: Losses;
  readonly #spans: { from: Place; tail: Link; span: Span }[] = [];
  #nextSpan = 0;

  /** @param told upstream losses of the stream that were told before this view began */
  constructor(encoder: Encoder, filter: Filter, told: Losses = NO_LOSSES) {
    this.encoder = encoder;
    this.filter = filter;
    this.#losses = told;
    this.#tail = firstLink(told);
  }

  /** Records encoded so far: the number of the next one. */
  get records(): number {
    return this.#records;
  }

  /** Payload bytes encoded so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Upstream losses of the stream told so far. */
  get losses(): Losses {
    return this.#losses;
  }

  /** The place behind everything. */
  get end(): Place {
    return { link: this.#tail, index: this.#tail.chunk.count };
  }

  /**
   * Encodes the records of a batch that the filter lets through. Hot: once a message, format and filter.
   *
   * @param from records at its start that are left out
   * @param prefix the cursor up to this consolidator's offset; empty where there is none
   */
  append(batch: RecordBatch, from: number, prefix: string): void {
    const { encoder, filter } = this;
    if (!filter.wants(batch)) return;
    const { matches } = filter;
    let payload = '';
    const ends: number[] = [];
    for (let i = from; i < batch.lines.length; i += 1) {
      if (matches !== undefined && !matches(batch, i)) continue;
      payload += encoder.record(batch, i, prefix);
      ends.push(payload.length);
    }
    if (ends.length > 0) this.#push(payload, ends, batch.at);
  }

  /**
   * Tells every consumer of the view, at this point of the stream, what was lost before it came here.
   *
   * @param cursors the position before that was told, which the reader has until the last of several notices, and after
   */
  appendLosses(
    losses: Losses,
    span: { since: number; until: number },
    cursors = { before: '', after: '' },
  ): void {
    this.#losses = addLosses(this.#losses, losses);
    const notices = noticesOf(losses, this.#losses, span);
    const last = notices.length - 1;
    let payload = '';
    for (const [i, notice] of notices.entries()) {
      payload += this.encoder.notice(notice, i === last ? cursors.after : cursors.before);
    }
    this.#push(payload, [], 0);
  }

  /** The same of what cannot be counted. */
  appendNotice(notice: DropNotice, cursor = ''): void {
    this.#push(this.encoder.notice(notice, cursor), [], 0);
  }

  /** A named event for every consumer of the view. */
  appendEvent(name: string, data: unknown, cursor = ''): void {
    const payload = this.encoder.event(name, data, cursor);
    if (payload !== '') this.#push(payload, [], 0);
  }

  /** What stands between a place and the end, as far as one write of `most` bytes goes; undefined where nothing does. */
  span(from: Place, most = MAX_OWN_BYTES): Span | undefined {
    if (from.link === this.#tail && from.index === from.link.chunk.count) return undefined;
    for (const cached of this.#spans) {
      if (cached.tail === this.#tail && cached.from.link === from.link && cached.from.index === from.index) {
        return cached.span;
      }
    }
    const span = gather(from, most);
    if (span === undefined) return undefined;
    this.#spans[this.#nextSpan] = { from, tail: this.#tail, span };
    this.#nextSpan = (this.#nextSpan + 1) % CACHED_SPANS;
    return span;
  }

  /** Lets go of what the cache holds: between bursts it would pin the last one. */
  forgetSpans(): void {
    this.#spans.length = 0;
    this.#nextSpan = 0;
  }

  #push(payload: string, ends: readonly number[], at: number): void {
    const chunk: Chunk = {
      first: this.#records,
      count: ends.length,
      ...frame(payload),
      ends,
      position: this.#bytes,
      losses: this.#losses,
      at,
    };
    this.#records += ends.length;
    this.#bytes += payload.length;
    const link: Link = { chunk, next: undefined };
    this.#tail.next = link;
    this.#tail = link;
  }
}

/** Number, in the view, of the first record that is not behind the place. */
export function recordAt({ link, index }: Place): number {
  return link.chunk.first + index;
}

/** Payload bytes of the view that are behind the place. */
export function byteAt({ link: { chunk }, index }: Place): number {
  if (index === chunk.count) return chunk.position + chunk.end - chunk.start;
  return chunk.position + (index === 0 ? 0 : (chunk.ends[index - 1] as number));
}

/** The place in front of record `number`, or the end of the chain. Walks; each link is passed once a consumer. */
export function seekRecord(from: Place, number: number): Place {
  let { link } = from;
  while (link.next !== undefined && link.chunk.first + link.chunk.count <= number) link = link.next;
  return { link, index: Math.min(number - link.chunk.first, link.chunk.count) };
}

/** The first place that has no more than `bytes` payload bytes of the view's `total` behind it. */
export function seekBytes(from: Place, total: number, bytes: number): Place {
  let place = from;
  while (total - byteAt(place) > bytes) {
    const { link, index } = place;
    if (index < link.chunk.count) place = { link, index: index + 1 };
    else if (link.next !== undefined) place = { link: link.next, index: 0 };
    else break;
  }
  return place;
}

/**
 * A chain of its own that holds what stands between two places, and keeps nothing else alive: the way of
 * `drop-newest`, whose consumer stays where it is while the view goes on. It goes by places and not by numbers, since a
 * notice in front of the later place has none.
 */
export function cutOff(from: Place, to: Place): Place {
  const head: Link = { chunk: upTo(from.link, to), next: undefined };
  let tail = head;
  let { link } = from;
  while (link !== to.link && link.next !== undefined) {
    link = link.next;
    tail.next = { chunk: upTo(link, to), next: undefined };
    tail = tail.next;
  }
  return { link: head, index: from.index };
}

function upTo({ chunk }: Link, to: Place): Chunk {
  return chunk === to.link.chunk && to.index < chunk.count ? headOf(chunk, to.index) : chunk;
}

/** What stands behind a place, up to the size of one write; undefined where nothing does. */
export function gather(from: Place, most = MAX_OWN_BYTES): Span | undefined {
  const parts: Framed[] = [];
  let bytes = 0;
  let records = 0;
  let { link } = from;
  if (from.index < link.chunk.count) {
    const rest = restOf(from);
    parts.push(rest);
    bytes += rest.end - rest.start;
    records += link.chunk.count - from.index;
  }
  for (let next = link.next; next !== undefined && bytes < most; next = link.next) {
    link = next;
    parts.push(link.chunk);
    bytes += link.chunk.end - link.chunk.start;
    records += link.chunk.count;
  }
  const [only] = parts;
  if (only === undefined) return undefined;
  const { framed, start, end } = parts.length === 1 ? only : join(parts);
  return { framed, start, end, records, to: { link, index: link.chunk.count } };
}

/** A cut chunk is framed anew: rare, since only a consumer that has dropped stands inside one. */
function restOf({ link: { chunk }, index }: Place): Framed {
  if (index === 0) return chunk;
  const cut = chunk.start + (chunk.ends[index - 1] as number);
  return frame(chunk.framed.toString('latin1', cut, chunk.end));
}

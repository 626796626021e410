import type { Losses } from '../accounting/index.js';

/** What a view has encoded of one message, or a notice: immutable, and shared by all consumers of the view. */
export interface Chunk {
  /** Number, in the view, of its first record. */
  readonly first: number;
  /** Records in it; 0 for a notice or a named event. */
  readonly count: number;
  /** One HTTP/1.1 chunk, ready for a socket: size line, payload, line end. */
  readonly framed: Buffer;
  /** The payload's place in `framed`. */
  readonly start: number;
  readonly end: number;
  /** Where each record ends, counted from `start`. */
  readonly ends: readonly number[];
  /** Payload bytes of the view before this chunk. */
  readonly position: number;
  /** Upstream losses of the stream that were told up to here, this chunk included. */
  readonly losses: Losses;
  /** When the oldest record in it was captured, ms since the epoch. */
  readonly at: number;
}

/**
 * The chain of what a view has encoded. A consumer holds the link that it is in; what stands before the slowest
 * consumer is garbage. So the collector trims the ring, and what bounds it is that no consumer may fall further behind
 * than its mark.
 *
 *     oldest held by a cursor                              view's tail
 *     ┌───────────┐   ┌───────────┐   ┌───────────┐      ┌───────────┐
 *     │ 12 … 139  ├──►│  notice   ├──►│ 140 … 267 ├─ … ─►│ 900 … 901 │
 *     └───────────┘   └───────────┘   └───────────┘      └───────────┘
 */
export interface Link {
  readonly chunk: Chunk;
  next: Link | undefined;
}

/** What stands before the first chunk of a view, and the upstream losses that were told before it. */
export function firstLink(losses: Losses): Link {
  return {
    chunk: {
      first: 0,
      count: 0,
      framed: Buffer.alloc(0),
      start: 0,
      end: 0,
      ends: [],
      position: 0,
      losses,
      at: 0,
    },
    next: undefined,
  };
}

/** The first `count` records of a chunk, as a chunk of its own. */
export function headOf(chunk: Chunk, count: number): Chunk {
  const ends = chunk.ends.slice(0, count);
  const payload = chunk.framed.toString('latin1', chunk.start, chunk.start + (ends.at(-1) ?? 0));
  return { ...chunk, ...frame(payload), count, ends };
}

/** One HTTP/1.1 chunk (RFC 9112, 7.1), and where in it the payload is. */
export type Framed = Pick<Chunk, 'framed' | 'start' | 'end'>;

/** Several chunks as one: a reader's parser takes what is written together by one size line, and not by one a message. */
export function join(parts: readonly Framed[]): Framed {
  let length = 0;
  for (const { start, end } of parts) length += end - start;
  if (length === 0) return frame('');
  const size = `${length.toString(16)}\r\n`;
  const framed = Buffer.allocUnsafe(size.length + length + 2);
  const start = framed.write(size, 0, 'latin1');
  let at = start;
  for (const part of parts) at += part.framed.copy(framed, at, part.start, part.end);
  framed[at] = 0x0d;
  framed[at + 1] = 0x0a;
  return { framed, start, end: at };
}

/** Frames latin1 text; nothing as nothing, since a chunk of size 0 ends a response. */
export function frame(payload: string): Framed {
  if (payload === '') return { framed: Buffer.alloc(0), start: 0, end: 0 };
  const size = `${payload.length.toString(16)}\r\n`;
  const framed = Buffer.allocUnsafe(size.length + payload.length + 2);
  const start = framed.write(size, 0, 'latin1');
  const end = start + framed.write(payload, start, 'latin1');
  framed[end] = 0x0d;
  framed[end + 1] = 0x0a;
  return { framed, start, end };
}

import { addLosses, CONSOLIDATOR_TRANSIT, lossOf, NO_LOSSES, SIDECAR_OVERFLOW } from '../accounting/index.js';
import { cursorEntry, formatCursor, type Cursor } from '../wire/index.js';
import { frame } from './chunk.js';
import { noticesOf } from './notice.js';
import { RelayError } from './errors.js';
import type { Share } from './past-room.js';
import type { Piece } from './prelude.js';
import type { RecordBatch } from './record-batch.js';
import type { Slices } from './slices.js';
import type { View } from './view.js';

/** One batch of the past. */
export interface PastItem {
  readonly batch: RecordBatch;
  /** Lines at its start that are left out. */
  readonly first: number;
  /** Records of its source that are missing right before it. A position at the batch's own offset is behind them. */
  readonly sidecar: number;
  readonly transit: number;
  /** What it takes of the room. */
  readonly bytes: number;
}

/** A piece grows to this before the next one begins, bytes. */
const PIECE_BYTES = 64 * 1024;

/** The most that a reader has encoded for itself of a past that it shares, bytes. */
const OWN_BYTES = 256 * 1024;

interface Encoded {
  /** Those that were left out are empty. */
  readonly pieces: readonly Piece[];
  /** Where each item begins: in which piece, how many bytes and records into it, and behind how many of the stream. */
  readonly starts: readonly Start[];
  /** Records of the stream up to the end of what was left out. */
  readonly cut: number;
}

interface Start {
  readonly piece: number;
  readonly bytes: number;
  readonly records: number;
  readonly passed: number;
}

export interface PastWork {
  readonly slices: Slices;
  readonly room: Pick<Share, 'take' | 'give'>;
  /** The most that it may be encoded to, bytes; beyond it the oldest is left out. */
  readonly maxBytes: number;
}

/** What is written for one reader, and how many records of the stream were left out at its start. */
export interface Opening {
  readonly pieces: readonly Piece[];
  readonly cut: number;
}

/**
 * A stretch of a stream's past, put together from all consolidators: in order for each of them, and between them by
 * time. It is encoded once for each view; readers who enter it at different positions share all but the beginning.
 *
 * With one consolidator the beginning is the rest of a batch. With several, two relays may have passed on the same
 * records in different orders, so up to the point where this order has passed all that a reader has seen, the reader gets
 * what it has not seen, with cursors of its own.
 */
export class Past {
  /** The position before the first item. */
  readonly base: Cursor;
  readonly #work: PastWork;
  #items: readonly PastItem[];
  readonly #encoded = new Map<View, Encoded>();

  constructor(items: readonly PastItem[], base: Cursor, work: PastWork) {
    this.#items = items;
    this.base = base;
    this.#work = work;
  }

  /** Whether it has been encoded for a view. */
  has(view: View): boolean {
    return this.#encoded.has(view);
  }

  /** Encodes it for readers of a view. @throws where nobody waits for it any more */
  async encodeFor(view: View): Promise<void> {
    this.#encoded.set(view, await encode(this.#items, this.base, undefined, view, this.#work));
  }

  /** All who read it begin at its base: what it was made of goes. */
  forgetItems(): void {
    this.#work.room.give(bytesOf(this.#items));
    this.#items = [];
  }

  /**
   * What a reader of a view gets for which it has been encoded; undefined where too much of that would be its own.
   *
   * @param seen the reader's position, nowhere before the base; without it the reader begins at the base
   */
  async open(view: View, seen?: Cursor): Promise<Opening | undefined> {
    const whole = this.#encoded.get(view);
    if (whole === undefined) return undefined;
    const enter = seen === undefined ? 0 : this.#enter(seen);
    let own: readonly Piece[] = [];
    if (seen !== undefined && enter > 0) {
      const items = this.#items.slice(0, enter);
      const bytes = unseenBytes(items, seen);
      if (bytes > OWN_BYTES) return undefined;
      // It is little, and readers of a past that is made wait for nothing more.
      const room = { take: async (taken: number) => (this.#work.room.give(-taken), true), give: () => {} };
      const work = { slices: this.#work.slices, room, maxBytes: Number.POSITIVE_INFINITY };
      own = (await encode(items, this.base, seen, view, work)).pieces;
    }
    const start = whole.starts[enter];
    if (start === undefined) return { pieces: own, cut: 0 };
    return { pieces: [...own, ...restOf(whole.pieces, start)], cut: Math.max(0, whole.cut - start.passed) };
  }

  /** The first item from which on nothing has been seen. */
  #enter(seen: Cursor): number {
    for (let i = this.#items.length - 1; i >= 0; i -= 1) {
      const item = this.#items[i] as PastItem;
      const begin = tellsLoss(item) ? item.batch.offset - 1 : item.batch.offset + item.first;
      if ((seen.get(item.batch.node) ?? 0) > begin) return i + 1;
    }
    return 0;
  }
}

/** What items take of the room. */
export function bytesOf(items: readonly PastItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function unseenBytes(items: readonly PastItem[], seen: Cursor): number {
  let sum = 0;
  for (const { batch, bytes } of items) {
    const { length } = batch.lines;
    const left = batch.offset + length - (seen.get(batch.node) ?? 0);
    sum += bytes * Math.min(1, Math.max(0, left) / Math.max(1, length));
  }
  return sum;
}

function tellsLoss({ first, sidecar, transit }: PastItem): boolean {
  return first === 0 && sidecar + transit > 0;
}

/** Encodes items, without what a reader has seen; each record's cursor is behind that, too. */
async function encode(
  items: readonly PastItem[],
  base: Cursor,
  seen: Cursor | undefined,
  { encoder, filter }: Pick<View, 'encoder' | 'filter'>,
  { slices, room, maxBytes }: PastWork,
): Promise<Encoded> {
  const vector = new Map(base);
  for (const [node, offset] of seen ?? []) if ((vector.get(node) ?? -1) < offset) vector.set(node, offset);
  const pieces: Piece[] = [];
  /** Of each piece, records of the stream up to its end. */
  const ends: number[] = [];
  const starts: Start[] = [];
  let text = '';
  let records = 0;
  let passed = 0;
  let told = NO_LOSSES;
  let bytes = 0;
  let left = 0;
  const cut = async () => {
    const piece = pieceOf(text, records);
    text = '';
    records = 0;
    pieces.push(piece);
    ends.push(passed);
    bytes += piece.framed.length;
    if (!(await room.take(piece.framed.length)))
      throw new RelayError('replay', 'Nobody waits for it any more.');
    for (; bytes > maxBytes && left < pieces.length - 1; left += 1) {
      const { length } = (pieces[left] as Piece).framed;
      pieces[left] = NO_PIECE;
      bytes -= length;
      room.give(length);
    }
  };
  for (const item of items) {
    if (slices.isOver) await slices.next();
    const { first, sidecar, transit } = item;
    const batch = item.batch.unparsed;
    const { node, offset, lines } = batch;
    starts.push({ piece: pieces.length, bytes: text.length, records, passed });
    const begin = vector.get(node) ?? 0;
    if (tellsLoss(item) && begin < offset) {
      vector.set(node, offset);
      const losses = addLosses(lossOf(SIDECAR_OVERFLOW, sidecar), lossOf(CONSOLIDATOR_TRANSIT, transit));
      told = addLosses(told, losses);
      const cursor = formatCursor(vector);
      for (const notice of noticesOf(losses, told, { since: batch.at, until: batch.at }))
        text += encoder.notice(notice, cursor);
    }
    if (filter.wants(batch)) {
      const prefix = prefixFor(vector, node);
      for (let i = Math.max(first, begin - offset); i < lines.length; i += 1) {
        if (filter.matches !== undefined && !filter.matches(batch, i)) continue;
        text += encoder.record(batch, i, prefix);
        records += 1;
      }
    }
    vector.set(node, Math.max(begin, offset + lines.length));
    passed += lines.length - first + sidecar + transit;
    if (text.length >= PIECE_BYTES) await cut();
  }
  if (text !== '') await cut();
  return { pieces, starts, cut: ends[left - 1] ?? 0 };
}

const NO_PIECE: Piece = { ...frame(''), records: 0 };

/** The position up to a node's offset, as text. */
function prefixFor(vector: Cursor, node: string): string {
  let text = '1';
  for (const [other, offset] of vector) if (other !== node) text += cursorEntry(other) + offset.toString(36);
  return text + cursorEntry(node);
}

export function pieceOf(text: string, records: number): Piece {
  return { ...frame(text), records };
}

/** The pieces from a place on; the first is cut, and framed anew. */
function restOf(pieces: readonly Piece[], { piece, bytes, records }: Encoded['starts'][number]): Piece[] {
  const first = pieces[piece];
  if (first === undefined) return [];
  if (bytes === 0 || first === NO_PIECE) return pieces.slice(piece);
  const text = first.framed.toString('latin1', first.start + bytes, first.end);
  return [pieceOf(text, first.records - records), ...pieces.slice(piece + 1)];
}

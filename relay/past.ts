import { addLosses, CONSOLIDATOR_TRANSIT, lossOf, NO_LOSSES, SIDECAR_OVERFLOW } from '../accounting/index.js';
import { cursorEntry, formatCursor, type Cursor } from '../wire/index.js';
import { frame } from './chunk.js';
import { noticesOf } from './notice.js';
import { Prelude, type Piece } from './prelude.js';
import type { RecordBatch } from './record-batch.js';
import type { View } from './view.js';

/** One batch of the past. */
export interface PastItem {
  readonly batch: RecordBatch;
  /** Lines at its start that are left out. */
  readonly first: number;
  /** Records of its source that are missing right before it. A position at the batch's own offset is behind them. */
  readonly sidecar: number;
  readonly transit: number;
}

/** A piece grows to this before the next one begins, bytes. */
const PIECE_BYTES = 64 * 1024;

interface Encoded {
  readonly pieces: readonly Piece[];
  /** Where each item begins: in which piece, how many bytes and how many records into it. */
  readonly starts: readonly { readonly piece: number; readonly bytes: number; readonly records: number }[];
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
  readonly items: readonly PastItem[];
  /** The position before the first item. */
  readonly base: Cursor;
  readonly #encoded = new Map<View, Encoded>();
  readonly #shared = { bytes: 0 };

  constructor(items: readonly PastItem[], base: Cursor) {
    this.items = items;
    this.base = base;
  }

  /** Bytes that it has been encoded to, for all views. */
  get bytes(): number {
    return this.#shared.bytes;
  }

  /**
   * What a reader of a view gets.
   *
   * @param seen the reader's position, nowhere before the base; without it the reader begins at the base
   * @param head what is written first
   * @param tail what is written last
   */
  prelude(view: View, seen: Cursor | undefined, head: string, tail: string): Prelude {
    const whole = this.#encodeFor(view);
    const enter = seen === undefined ? 0 : this.#enter(seen);
    const own = enter === 0 ? [] : encode(this.items.slice(0, enter), this.base, seen, view).pieces;
    const start = whole.starts[enter];
    const rest = start === undefined ? [] : restOf(whole.pieces, start);
    return new Prelude([pieceOf(head, 0), ...own, ...rest, pieceOf(tail, 0)], this.#shared);
  }

  #encodeFor(view: View): Encoded {
    const known = this.#encoded.get(view);
    if (known !== undefined) return known;
    const encoded = encode(this.items, this.base, undefined, view);
    for (const { framed } of encoded.pieces) this.#shared.bytes += framed.length;
    this.#encoded.set(view, encoded);
    return encoded;
  }

  /** The first item from which on nothing has been seen. */
  #enter(seen: Cursor): number {
    for (let i = this.items.length - 1; i >= 0; i -= 1) {
      const item = this.items[i] as PastItem;
      const begin = tellsLoss(item) ? item.batch.offset - 1 : item.batch.offset + item.first;
      if ((seen.get(item.batch.node) ?? 0) > begin) return i + 1;
    }
    return 0;
  }
}

function tellsLoss({ first, sidecar, transit }: PastItem): boolean {
  return first === 0 && sidecar + transit > 0;
}

/** Encodes items, without what a reader has seen; each record's cursor is behind that, too. */
function encode(
  items: readonly PastItem[],
  base: Cursor,
  seen: Cursor | undefined,
  { encoder, filter }: Pick<View, 'encoder' | 'filter'>,
): Encoded {
  const vector = new Map(base);
  for (const [node, offset] of seen ?? []) if ((vector.get(node) ?? -1) < offset) vector.set(node, offset);
  const pieces: Piece[] = [];
  const starts: Encoded['starts'][number][] = [];
  let text = '';
  let records = 0;
  let told = NO_LOSSES;
  const cut = () => {
    pieces.push(pieceOf(text, records));
    text = '';
    records = 0;
  };
  for (const item of items) {
    const { batch, first, sidecar, transit } = item;
    const { node, offset, lines } = batch;
    starts.push({ piece: pieces.length, bytes: text.length, records });
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
    if (text.length >= PIECE_BYTES) cut();
  }
  if (text !== '') cut();
  return { pieces, starts };
}

/** The position up to a node's offset, as text. */
function prefixFor(vector: Cursor, node: string): string {
  let text = '1';
  for (const [other, offset] of vector) if (other !== node) text += cursorEntry(other) + offset.toString(36);
  return text + cursorEntry(node);
}

function pieceOf(text: string, records: number): Piece {
  return { ...frame(text), records };
}

/** The pieces from a place on; the first is cut, and framed anew. */
function restOf(pieces: readonly Piece[], { piece, bytes, records }: Encoded['starts'][number]): Piece[] {
  const first = pieces[piece];
  if (first === undefined) return [];
  if (bytes === 0) return pieces.slice(piece);
  const text = first.framed.toString('latin1', first.start + bytes, first.end);
  return [pieceOf(text, first.records - records), ...pieces.slice(piece + 1)];
}

import { cursorEntry, formatOwed, MAX_CURSOR_NODES, type Cursor, type Owed } from '../wire/index.js';

interface Entry {
  offset: number;
  /** Whether the consolidator has, or had, something of the stream. */
  holds: boolean;
  /** When it was last heard of, in messages. */
  turn: number;
  /** Its part of a cursor, as long as the offset is the same; empty where it has none. */
  text: string;
}

/**
 * How far a stream has come in, by consolidator: the offset behind everything of it that has passed here.
 *
 * Its text is the cursor of readers that have read up to here. A consolidator stands in it only if it has something of
 * the stream, or had: so a cursor is as long as the stream is wide and not as the cluster is. Of one that is absent,
 * everything that it will have of the stream is yet to be read.
 */
export class Position {
  readonly #entries = new Map<string, Entry>();
  #turn = 0;
  #owed = '';

  /** Everything below `offset` has passed. Hot: once a message. */
  note(node: string, offset: number, holds: boolean): void {
    const entry = this.#entries.get(node) ?? this.#open(node);
    entry.turn = ++this.#turn;
    if (offset > entry.offset) entry.offset = offset;
    else if (!holds || entry.holds) return;
    entry.holds ||= holds;
    entry.text = entry.holds ? cursorEntry(node) + entry.offset.toString(36) : '';
  }

  /** Undefined where nothing is known of the consolidator. */
  offsetOf(node: string): number | undefined {
    return this.#entries.get(node)?.offset;
  }

  /** This run has ended: what it had is gone with it. */
  forget(node: string): void {
    this.#entries.delete(node);
  }

  /** Of the consolidators that have something of the stream. */
  get cursor(): Cursor {
    const cursor = new Map<string, number>();
    for (const [node, { offset, holds }] of this.#entries) if (holds) cursor.set(node, offset);
    return cursor;
  }

  /**
   * What is missing before here and has not been told yet. It stands in the text, so that a reader whose relay dies is told
   * by the next one.
   */
  set owed(owed: Owed) {
    this.#owed = formatOwed(owed);
  }

  /** The same as text. */
  get text(): string {
    let text = `1${this.#owed}`;
    for (const entry of this.#entries.values()) text += entry.text;
    return text;
  }

  /** The cursor up to the node's offset: the others' entries, then its own name. Hot: once a message. */
  prefixFor(node: string): string {
    let text = `1${this.#owed}`;
    for (const [other, entry] of this.#entries) if (other !== node) text += entry.text;
    return text + cursorEntry(node);
  }

  /** Those heard of last have room; a run that has ended makes some in time. */
  #open(node: string): Entry {
    if (this.#entries.size >= MAX_CURSOR_NODES) {
      let stalest: string | undefined;
      let turn = Number.POSITIVE_INFINITY;
      for (const [other, entry] of this.#entries) {
        if (entry.turn < turn) [stalest, turn] = [other, entry.turn];
      }
      if (stalest !== undefined) this.#entries.delete(stalest);
    }
    const entry: Entry = { offset: -1, holds: false, turn: 0, text: '' };
    this.#entries.set(node, entry);
    return entry;
  }
}

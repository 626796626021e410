import { MAX_NUMBER } from './ledger.js';

/**
 * A cursor: a reader's position, which is the SSE event id. Per consolidator run it holds the offset of the next
 * record that the reader has not seen. Of a run that is not in it, the reader has seen nothing. It is text of
 * `[A-Za-z0-9~._!-]`: `1~<node>.<offset>~<node>.<offset>…`, the version first, numbers in base 36. Behind the version may
 * stand what the reader is owed (see {@link Owed}). Readers treat it as opaque.
 */
export type Cursor = ReadonlyMap<string, number>;

/**
 * Records that are missing before a position and that its reader has not been told of yet: lost in the sidecar, on the way
 * to the consolidator, on the way to the relay; and sources that fell silent.
 */
export type Owed = readonly [sidecar: number, consolidator: number, relay: number, silentSources: number];

/** More consolidators than this do not fit a cursor. */
export const MAX_CURSOR_NODES = 1024;

/** Longest text that is parsed: 1,024 entries of an 8-character node and a 10-digit offset, with room to spare. */
export const MAX_CURSOR_CHARS = 32 * 1024;

const HEAD = /^1(?:!([0-9a-z]{1,10})\.([0-9a-z]{1,10})\.([0-9a-z]{1,10})\.([0-9a-z]{1,10}))?$/;

const ENTRY = /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,10})$/;

export function formatCursor(cursor: Cursor): string {
  let text = '1';
  for (const [node, offset] of cursor) text += cursorEntry(node) + offset.toString(36);
  return text;
}

/** What stands before the offset of one node; the encoder of events puts it together once a batch. */
export function cursorEntry(node: string): string {
  return `~${node}.`;
}

/** Undefined for text that is not a cursor of version 1. Nothing in a cursor is trusted to be true. */
export function parseCursor(text: string): Cursor | undefined {
  if (text.length > MAX_CURSOR_CHARS) return undefined;
  const [head, ...entries] = text.split('~') as [string, ...string[]];
  if (!HEAD.test(head) || entries.length > MAX_CURSOR_NODES) return undefined;
  const cursor = new Map<string, number>();
  for (const entry of entries) {
    const match = ENTRY.exec(entry);
    if (match === null) return undefined;
    const [, node, digits] = match as unknown as [string, string, string];
    const offset = Number.parseInt(digits, 36);
    if (cursor.has(node) || offset > MAX_NUMBER) return undefined;
    cursor.set(node, offset);
  }
  return cursor;
}

/** What stands behind the version; empty where nothing is owed. */
export function formatOwed(owed: Owed): string {
  if (owed.every((count) => count === 0)) return '';
  return `!${owed.map((count) => count.toString(36)).join('.')}`;
}

/** What the reader of a cursor is owed; undefined where nothing is. */
export function parseOwed(text: string): Owed | undefined {
  const [, ...counts] = HEAD.exec(text.slice(0, MAX_HEAD_CHARS).split('~', 1)[0] as string) ?? [];
  if (counts[0] === undefined) return undefined;
  return counts.map((digits) => Math.min(Number.parseInt(digits, 36), MAX_NUMBER)) as unknown as Owed;
}

const MAX_HEAD_CHARS = 64;

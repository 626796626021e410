import type { DropNotice } from '../notice.js';
import type { RecordBatch } from '../record-batch.js';

/** The formats of a stream. */
export const FORMATS = ['sse', 'ndjson', 'text'] as const;

export type Format = (typeof FORMATS)[number];

/** How a format writes what a stream is made of. All text is latin1: one character, one byte on the wire. */
export interface Encoder {
  readonly format: Format;
  readonly contentType: string;
  /**
   * One record.
   *
   * @param prefix the cursor after it up to the offset of its own consolidator, from {@link cursorPrefix}
   */
  record(batch: RecordBatch, i: number, prefix: string): string;
  /** @param cursor the position behind what is missing; empty where it moves none */
  notice(notice: DropNotice, cursor?: string): string;
  /** A named event that is no record; formats without such a thing answer the empty string. */
  event(name: string, data: unknown, cursor?: string): string;
  /** What keeps an idle connection alive; empty where the format has nothing for it. */
  readonly keepalive: string;
  /** Asks the client to wait so long before it reconnects, ms. */
  retry(ms: number): string;
}

import { type Encoder, type Format } from './encoder.js';
import { ndjson, ndjsonWithCursors } from './ndjson.js';
import { text } from './plain.js';
import { sse } from './sse.js';

export { FORMATS, type Encoder, type Format } from './encoder.js';
export { noticeRecord } from './ndjson.js';

export const ENCODERS: Readonly<Record<Format, Encoder>> = { sse, ndjson, text };

/** @param cursors whether each record is to say the position after it, where the format does not do so by itself */
export function encoderFor(format: Format, cursors = false): Encoder {
  return cursors && format === 'ndjson' ? ndjsonWithCursors : ENCODERS[format];
}

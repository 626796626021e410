import type { LogRecord, Topic } from '../wire/index.js';

/**
 * The records of one message, split once and parsed at most once however many hubs and filters look at them.
 *
 * Lines are latin1 text in which each character is one byte of the UTF-8 on the wire. V8 keeps such text in one byte a
 * character, slices it without copying and writes it to a buffer with one memcpy: half the cost of handling buffers
 * line by line (measured: 98 against 190 ns a record for framing 245-byte records as SSE).
 */
export class RecordBatch {
  readonly topic: Topic;
  /** The consolidator's run that forwarded it; empty for a message that came past none. */
  readonly node: string;
  /** Offset of the first record at that consolidator. */
  readonly offset: number;
  /** When the oldest record was captured, ms since the epoch; 0 where nobody said. */
  readonly at: number;
  readonly lines: readonly string[];
  readonly #records: (LogRecord | undefined)[] = [];

  constructor(topic: Topic, lines: readonly string[], origin: { node: string; offset: number; at: number }) {
    this.topic = topic;
    this.lines = lines;
    this.node = origin.node;
    this.offset = origin.offset;
    this.at = origin.at;
  }

  /** Its first `count` records. */
  take(count: number): RecordBatch {
    return new RecordBatch(this.topic, this.lines.slice(0, count), this);
  }

  /** The same, of which nothing is parsed: what is parsed is ten times as large, and goes with this. */
  get unparsed(): RecordBatch {
    return new RecordBatch(this.topic, this.lines, this);
  }

  /** The record of line `i`; undefined where the line is not a JSON object. */
  record(i: number): LogRecord | undefined {
    if (i in this.#records) return this.#records[i];
    return (this.#records[i] = parseRecord(utf8Of(this.lines[i] as string)));
  }
}

/** Splits a body into its lines, as latin1 text. */
export function splitLines(body: Buffer): string[] {
  const lines = body.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The text that bytes in latin1 stand for. */
export function utf8Of(latin1: string): string {
  return ASCII.test(latin1) ? latin1 : Buffer.from(latin1, 'latin1').toString('utf8');
}

/** The bytes of a text, as latin1 text. */
export function latin1Of(utf8: string): string {
  return ASCII.test(utf8) ? utf8 : Buffer.from(utf8, 'utf8').toString('latin1');
}

const ASCII = /^[\x00-\x7f]*$/;

function parseRecord(line: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as LogRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

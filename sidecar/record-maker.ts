import { DEFAULT_MAX_BODY_BYTES } from '../wire/message.js';
import type { StdStream } from '../wire/record.js';
import type { LineMark, LineSplitter } from './lines.js';
import type { LineJoiner } from './multiline.js';
import type { Normalizer } from './normalize/index.js';

export interface RecordMakerParts {
  readonly splitter: LineSplitter;
  /** Absent unless stack traces are joined. */
  readonly joiner?: LineJoiner;
  readonly normalizer: Pick<Normalizer, 'record'>;
  /** Takes each record: JSON ended by `\n`. */
  readonly emit: (record: string) => void;
}

/** How long a line without an end is waited for before what has come of it is sent, ms: a prompt, a progress bar. */
const PARTIAL_MS = 5_000;

/** A receiver refuses a body of more, and a record travels in one body. */
const MAX_RECORD_BYTES = DEFAULT_MAX_BODY_BYTES - 64 * 1024;

/** JSON writes one character of a line in six bytes at most, and a line may stand in its record twice. */
const ESCAPED_TWICE = 12;

/** One output's way from bytes to records: split, join if asked to, normalize. The owner brings the clock. */
export class RecordMaker {
  readonly #stream: StdStream;
  readonly #parts: RecordMakerParts;
  /** When its lines were printed, ms since the epoch and in ISO 8601: those of one read share it. */
  #at = 0;
  #time = '';
  /** When the last read was. */
  #readAt = 0;

  constructor(stream: StdStream, parts: RecordMakerParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  /**
   * Hot: once a read. Answers how many lines it passed over, having begun while nobody read.
   *
   * @param at when it was printed, where that is known
   */
  push(chunk: Buffer, now: number, at = now): number {
    this.#readAt = now;
    this.#stamp(at);
    this.#parts.splitter.push(chunk, this.#onLine);
    return this.#parts.splitter.takeSkipped();
  }

  /** Passes over a chunk that nobody reads; answers how many lines ended in it. */
  skip(chunk: Buffer): number {
    return this.#parts.splitter.skip(chunk);
  }

  /** Nothing was read although there may have been something: what waits for its end waits from now on. */
  postpone(now: number): void {
    this.#readAt = now;
  }

  /** Emits what has waited too long: a line without an end, a trace whose end has not come. */
  expire(now: number): void {
    const { splitter, joiner } = this.#parts;
    if (splitter.partial && now - this.#readAt >= PARTIAL_MS) {
      splitter.flushPartial(this.#onLine);
    }
    joiner?.expire(now, this.#onJoined);
  }

  /** The output has ended. Answers like `push`. */
  end(): number {
    this.#parts.splitter.end(this.#onLine);
    this.#parts.joiner?.flush(this.#onJoined);
    return this.#parts.splitter.takeSkipped();
  }

  readonly #onLine = (line: string, mark?: LineMark): void => {
    const { joiner } = this.#parts;
    if (joiner === undefined) this.#make(line, this.#time, mark);
    else joiner.push(line, mark, this.#at, this.#onJoined);
  };

  readonly #onJoined = (text: string, mark: LineMark | undefined, at: number): void => {
    this.#make(text, at === this.#at ? this.#time : new Date(at).toISOString(), mark);
  };

  /** Hot: once a line. */
  #make(line: string, time: string, mark: LineMark | undefined): void {
    const { normalizer, emit } = this.#parts;
    const record = normalizer.record(line, this.#stream, time, mark);
    // Three bytes a character at most, so short records need no counting.
    if (record.length * 3 <= MAX_RECORD_BYTES || Buffer.byteLength(record) <= MAX_RECORD_BYTES)
      return emit(record);
    const truncatedFrom = mark?.truncatedFrom ?? Buffer.byteLength(line);
    const head = line.slice(0, Math.floor(MAX_RECORD_BYTES / ESCAPED_TWICE));
    emit(normalizer.record(head, this.#stream, time, { ...mark, truncatedFrom }));
  }

  #stamp(now: number): void {
    if (now === this.#at) return;
    this.#at = now;
    this.#time = new Date(now).toISOString();
  }
}

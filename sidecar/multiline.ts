import type { LineMark } from './lines.js';
import { openTrace, type Trace } from './traces.js';

export interface MultilineOptions {
  /** Most lines of one record. */
  readonly maxLines?: number;
  /** Most bytes of one record, the newlines between its lines included. */
  readonly maxBytes?: number;
  /** How long a trace that has begun may keep its lines back, ms. */
  readonly maxWait?: number;
}

export const DEFAULT_MULTILINE_LINES = 500;
export const DEFAULT_MULTILINE_BYTES = 256 * 1024;
export const DEFAULT_MULTILINE_WAIT_MS = 250;

/** `at` is when the first line was captured, in the unit of the clock that `push` was given. */
export type EmitJoined = (text: string, mark: LineMark | undefined, at: number) => void;

interface HeldLine {
  readonly line: string;
  readonly mark: LineMark | undefined;
}

interface Group {
  readonly trace: Trace;
  readonly openedAt: number;
  /** What belongs together for certain. */
  readonly lines: HeldLine[];
  /** What follows, and belongs if a part comes after it. */
  readonly doubtful: HeldLine[];
  bytes: number;
}

const BRACE = 0x7b;

/**
 * Joins the lines of a stack trace (Node, Java, Python, Go) of one output into one. Only the content decides and the
 * clock bounds it, so chunks make no difference: a line that begins no trace goes out at once, one that might keeps
 * itself and its followers back until one does not belong, or a bound is reached. A line that begins with a brace
 * belongs to none. Pure: the owner brings the clock, and calls `expire` when `deadline` has come.
 */
export class LineJoiner {
  readonly #maxLines: number;
  readonly #maxBytes: number;
  readonly #maxWait: number;
  #group: Group | undefined;

  constructor(options: MultilineOptions = {}) {
    this.#maxLines = options.maxLines ?? DEFAULT_MULTILINE_LINES;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MULTILINE_BYTES;
    this.#maxWait = options.maxWait ?? DEFAULT_MULTILINE_WAIT_MS;
  }

  /** When the held lines have to go; undefined when none are held. */
  get deadline(): number | undefined {
    return this.#group && this.#group.openedAt + this.#maxWait;
  }

  push(line: string, mark: LineMark | undefined, now: number, emit: EmitJoined): void {
    this.expire(now, emit);
    const joinable = line.charCodeAt(0) !== BRACE && mark?.truncatedFrom === undefined;
    if (this.#group !== undefined) {
      if (joinable && this.#joins(this.#group, { line, mark }, emit)) return;
      this.flush(emit);
    }
    const trace = joinable ? openTrace(line) : undefined;
    if (trace === undefined) return emit(line, mark, now);
    this.#group = {
      trace,
      openedAt: now,
      lines: [{ line, mark }],
      doubtful: [],
      bytes: Buffer.byteLength(line),
    };
  }

  /** Emits what is held if its time has come. */
  expire(now: number, emit: EmitJoined): void {
    if (this.#group !== undefined && now - this.#group.openedAt >= this.#maxWait) this.flush(emit);
  }

  /** Emits what is held: at the end of the output, and where a trace has ended. */
  flush(emit: EmitJoined): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    const { lines, doubtful, openedAt } = group;
    const text = lines.map(({ line }) => line).join('\n');
    const invalid = lines.some(({ mark }) => mark?.invalid === true);
    emit(text, invalid ? { invalid } : undefined, openedAt);
    for (const { line, mark } of doubtful) emit(line, mark, openedAt);
  }

  /** Whether the line belongs to the group, which now has it. */
  #joins(group: Group, held: HeldLine, emit: EmitJoined): boolean {
    const bytes = group.bytes + 1 + Buffer.byteLength(held.line);
    if (group.lines.length + group.doubtful.length >= this.#maxLines || bytes > this.#maxBytes) return false;
    const verdict = group.trace.next(held.line);
    if (verdict === 'no') return false;
    group.bytes = bytes;
    group.doubtful.push(held);
    if (verdict === 'maybe') return true;
    group.lines.push(...group.doubtful);
    group.doubtful.length = 0;
    if (verdict === 'last') this.flush(emit);
    return true;
  }
}

import type { StdStream } from '../../wire/record.js';
import type { CaptureSink } from './capture.js';

const SPACE_BYTES = 64 * 1024;

/** One for all: it is empty whenever the event loop has its turn, as who adds also flushes before. */
let shared: Buffer | undefined;

const LINE_END = Buffer.from('\n');

/**
 * Hands on output that comes in pieces, each with its own time: what follows on each other and shares output and
 * millisecond goes out as one chunk. A flood so costs a chunk a millisecond and not one a line. Holds 64 KiB at most,
 * and nothing after `flush`, which must be called in the same turn of the event loop.
 */
export class TimedChunks {
  readonly #sink: CaptureSink;
  readonly #open: Record<StdStream, boolean> = { stdout: false, stderr: false };
  #stream: StdStream = 'stdout';
  #at = 0;
  #length = 0;

  constructor(sink: CaptureSink) {
    this.#sink = sink;
  }

  /** @param at when it was printed, ms since the epoch */
  add(stream: StdStream, bytes: Buffer, at: number): void {
    if (bytes.length === 0) return;
    if (stream !== this.#stream || at !== this.#at) {
      this.flush();
      this.#stream = stream;
      this.#at = at;
    }
    this.#open[stream] = bytes[bytes.length - 1] !== 0x0a;
    const space = (shared ??= Buffer.allocUnsafeSlow(SPACE_BYTES));
    for (let from = 0; from < bytes.length;) {
      if (this.#length === SPACE_BYTES) this.flush();
      const copied = bytes.copy(space, this.#length, from);
      this.#length += copied;
      from += copied;
    }
  }

  flush(): void {
    const length = this.#length;
    if (length === 0) return;
    this.#length = 0;
    this.#sink.chunk(this.#stream, (shared as Buffer).subarray(0, length), this.#at);
  }

  /** What has begun will not go on: its line ends here, so that the next run's first line is not joined to it. */
  closeLines(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#open[stream]) this.add(stream, LINE_END, this.#at);
    }
    this.flush();
  }
}

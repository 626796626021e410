import type { StdStream } from '../../wire/record.js';
import type { CaptureError } from './errors.js';

/** Where captured bytes go. */
export interface CaptureSink {
  /**
   * Called once a read, in the order of the reads. Bytes, not lines: a chunk may end anywhere.
   *
   * @param data valid until the call returns, as the next read goes into the same memory: copy what must stay
   * @param at when it was printed, ms since the epoch, where the source knows; else it is as old as the call
   */
  chunk(stream: StdStream, data: Buffer, at?: number): void;
}

/** What can be told to wait. */
export interface Pausable {
  /** Idempotent. */
  pause(): void;
  resume(): void;
}

/** How a capture ended. */
export interface CaptureEnd {
  /** What the sidecar should exit with: the command's own code, 128 + n after signal n, 126 or 127 as a shell does. */
  readonly code: number;
  /** The signal that ended it. */
  readonly signal?: NodeJS.Signals;
  /** Outputs that another process still held open at the deadline: what it prints from now on is not captured. */
  readonly held: readonly StdStream[];
  /** Reading failed: there may have been more output than was captured. */
  readonly error?: CaptureError;
}

/** A source of output that is being read. */
export interface Capture extends Pausable {
  /** Stops reading, so that a writer waits as soon as its pipe is full (64 KiB on Linux). Idempotent. */
  pause(): void;
  /** Settles once all output was read and what printed it is gone, or the deadline after that has passed. Never rejects. */
  readonly ended: Promise<CaptureEnd>;
  /** Stops reading and gives signals back to Node. Ends no process. Idempotent. */
  close(): void;
}

/** A source that outlives what prints: it follows restarts and rotation until it is told to stop. */
export interface Following extends Capture {
  /** Hands over what is there already, and ends. Idempotent. */
  stop(): void;
}

/** How long a capture waits for the rest of the output once its writer should be gone, ms. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 2_000;

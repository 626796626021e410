import type { Framed } from './chunk.js';

/** Bytes that are written before the live stream. */
export interface Piece extends Framed {
  /** Records in it. */
  readonly records: number;
}

/** What one consumer gets of the past before its live stream begins. */
export class Prelude {
  /** Records in all. */
  readonly records: number;
  /** Bytes in all; others may share them. */
  readonly bytes: number;
  readonly #onDone: () => void;
  #pieces: readonly Piece[];
  #next = 0;
  #left: number;

  /** @param onDone its reader has it, or does without */
  constructor(pieces: readonly Piece[], onDone: () => void = () => {}) {
    this.#pieces = pieces.filter(({ start, end }) => end > start);
    this.#onDone = onDone;
    this.records = pieces.reduce((sum, { records }) => sum + records, 0);
    this.bytes = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
    this.#left = this.records;
  }

  /** Records that have not been taken yet. */
  get left(): number {
    return this.#left;
  }

  /** The next write; undefined where all has been taken. */
  take(): Piece | undefined {
    const piece = this.#pieces[this.#next];
    if (piece === undefined) {
      this.done();
      return undefined;
    }
    this.#next += 1;
    this.#left -= piece.records;
    return piece;
  }

  /** Lets go of what has not been taken. */
  done(): void {
    this.#pieces = [];
    this.#onDone();
  }
}

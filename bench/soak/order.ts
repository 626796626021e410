/** Consecutive lines of one run. */
export interface Stretch {
  readonly run: number;
  readonly from: number;
  /** Included. */
  to: number;
}

/**
 * The order in which one reader saw lines, kept as stretches; what every other reader of the same stream must have seen
 * or been told of. Stretches that nobody needs any more are let go, so that it is as long as the slowest reader is behind.
 */
export class Order {
  readonly #stretches: Stretch[] = [];
  /** Index of the first stretch that is kept. */
  #begin = 0;

  /** Index behind the last stretch. */
  get end(): number {
    return this.#begin + this.#stretches.length;
  }

  /** Hot: once a line. */
  push(run: number, number: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined && last.run === run && last.to === number - 1) last.to = number;
    else this.#stretches.push({ run, from: number, to: number });
  }

  /** @throws {RangeError} for one that was let go */
  at(index: number): Stretch | undefined {
    if (index < this.#begin) throw new RangeError(`stretch ${index} was let go`);
    return this.#stretches[index - this.#begin];
  }

  /** Lets go of the stretches before `index`. */
  trim(index: number): void {
    if (index <= this.#begin) return;
    this.#stretches.splice(0, index - this.#begin);
    this.#begin = index;
  }
}

/** Marsaglia's xorshift32: the same seed gives the same run, on every machine. */
export class Random {
  #state: number;

  /** @param seed any integer; 0, on which the generator would stand still, is taken for another */
  constructor(seed: number) {
    // Seeds that are close to each other begin far apart (the finalizer of MurmurHash3).
    let mixed = Math.imul((seed | 0) ^ (seed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.#state = (mixed ^ (mixed >>> 16)) >>> 0 || 0x9e3779b9;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  /** From 0, included, to 1, excluded. */
  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 2 ** 32;
  }
}

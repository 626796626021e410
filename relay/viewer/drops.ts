import type { DropNotice } from '../notice.js';

export interface DropSum {
  readonly hop: string;
  readonly reason: string;
  /** Records known to be missing. */
  count: number;
  /** Notices that could not say how many. */
  unknown: number;
}

/** What a page was told is missing, by hop and reason. */
export class Drops {
  readonly #sums = new Map<string, DropSum>();

  add({ hop, reason, count }: DropNotice): void {
    const key = `${hop} ${reason}`;
    const sum = this.#sums.get(key) ?? { hop, reason, count: 0, unknown: 0 };
    if (typeof count === 'number') sum.count += count;
    else sum.unknown += 1;
    // A stranger's relay may name what it likes; the words are few, and so is what is kept.
    if (this.#sums.size < MAX_KINDS || this.#sums.has(key)) this.#sums.set(key, sum);
  }

  get sums(): readonly DropSum[] {
    return [...this.#sums.values()];
  }

  get total(): number {
    return this.sums.reduce((sum, { count }) => sum + count, 0);
  }

  get unknown(): number {
    return this.sums.reduce((sum, { unknown }) => sum + unknown, 0);
  }

  clear(): void {
    this.#sums.clear();
  }
}

const MAX_KINDS = 32;

import type { Order } from './order.js';

export interface FollowerOptions {
  /** What passed the reader's relay, in order: the witness's account. */
  readonly order: Order;
  /** Whether the reader asked for it. */
  readonly wants: (run: number, number: number) => boolean;
  /** Where in the order it came; undefined where the reader joined a stream under way, and its first line shows it. */
  readonly from: number | undefined;
}

/**
 * Holds one reader's stream against the order in which lines passed its relay. Between two lines that it got, those that
 * it asked for and did not get must be as many as the notices of its own drops there say, to the line: neither
 * less, nor more, nor told at another place.
 *
 * Fed as the stream is read, and possibly ahead of the witness: what cannot be compared yet waits.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #waiting: Item[] = [];
  #head = 0;
  #index: number;
  #offset = 0;
  #isAnchored: boolean;
  /** Told since the last line. */
  #told = 0;
  /** Passed by in the order since the last line. */
  #missed = 0;
  #matched = 0;
  #problem: string | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#index = options.from ?? Math.max(0, options.order.end - 1);
    this.#isAnchored = options.from !== undefined;
  }

  /** The first disagreement, once there is one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Lines compared or known to be missing so far: what the relay calls `matched`. */
  get matched(): number {
    return this.#matched;
  }

  /** Index of the first stretch of the order that is still needed. */
  get index(): number {
    return this.#index;
  }

  /** The witness has not come as far as the reader. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Hot: once a line. */
  line(run: number, number: number): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.run === run && last.to === number - 1) last.to = number;
    else this.#waiting.push({ run, from: number, to: number });
  }

  /** A notice of the reader's own drops. */
  told(count: number): void {
    this.#waiting.push({ run: TOLD, from: 0, to: count });
  }

  /** Compares what can be compared. */
  advance(): void {
    while (this.#problem === undefined && this.#head < this.#waiting.length) {
      const item = this.#waiting[this.#head] as Item;
      if (item.run === TOLD) this.#told += item.to;
      else if (!this.#consume(item)) break;
      this.#head += 1;
    }
    this.#waiting.splice(0, this.#head);
    this.#head = 0;
  }

  /**
   * The stream is over. With `isWhole` nothing passed that was neither delivered nor told by now; otherwise its relay was
   * killed, or the connection cut, and what followed the last line may have been on its way.
   */
  finish(isWhole: boolean): void {
    this.advance();
    if (this.#problem !== undefined || !isWhole) return;
    const [item] = this.#waiting;
    if (item !== undefined) {
      this.#problem = `line #${item.run}.${item.from} is not what passed its relay after the line before`;
      return;
    }
    while (this.#next() !== undefined) this.#missed += 1;
    this.#settle('at the end');
  }

  /** False where the witness has not come so far. */
  #consume(item: Item): boolean {
    while (item.from <= item.to) {
      const found = this.#next();
      if (found === undefined) return false;
      if (found.run !== item.run || found.number !== item.from) {
        this.#missed += 1;
        continue;
      }
      this.#settle(`before #${item.run}.${item.from}`);
      if (this.#problem !== undefined) return true;
      this.#matched += 1;
      item.from += 1;
    }
    return true;
  }

  #settle(where: string): void {
    // Of what a late reader was told before its first line nobody knows where it began.
    if (this.#isAnchored && this.#missed !== this.#told) {
      this.#problem = `${where} ${this.#missed} lines are missing and ${this.#told} were told`;
    }
    this.#isAnchored = true;
    this.#matched += this.#told;
    this.#missed = 0;
    this.#told = 0;
  }

  /** The next line that passed and was asked for. */
  #next(): { run: number; number: number } | undefined {
    const { order, wants } = this.#options;
    for (;;) {
      const stretch = order.at(this.#index);
      if (stretch === undefined) return undefined;
      const number = stretch.from + this.#offset;
      if (number > stretch.to) {
        // The last one may still grow.
        if (this.#index + 1 >= order.end) return undefined;
        this.#index += 1;
        this.#offset = 0;
        continue;
      }
      this.#offset += 1;
      if (wants(stretch.run, number)) return { run: stretch.run, number };
    }
  }
}

interface Item {
  readonly run: number;
  from: number;
  to: number;
}

/** No run: `to` is a number of lines told. */
const TOLD = -1;

/** What waits in the window. */
interface Held<T> {
  readonly item: T;
  /** When it happened, ms since the epoch. */
  readonly time: number;
  /** When it must be let out, ms. */
  readonly due: number;
  readonly size: number;
  out: boolean;
}

export interface SortWindowOptions {
  /** How long each item may wait for an earlier one, ms. */
  readonly window: number;
  /** Most that waits; beyond it the earliest go before their time. */
  readonly maxItems?: number;
  readonly maxSize?: number;
}

export const DEFAULT_MAX_HELD = 10_000;
/** In characters. */
export const DEFAULT_MAX_HELD_SIZE = 16 * 1024 * 1024;

/** An item on its way out; `late` says by how many ms it comes behind one that happened after it. */
export interface Released<T> {
  readonly item: T;
  readonly late?: number;
}

/**
 * Puts what several senders say in the order in which it happened. Each item waits for `window`; one that comes after
 * that, when a later one is out already, is let out all the same and says so. Nothing is dropped.
 */
export class SortWindow<T> {
  readonly #window: number;
  readonly #maxItems: number;
  readonly #maxSize: number;
  /** By time; those of one time in the order in which they came. What is before `#first` is out. */
  #sorted: Held<T>[] = [];
  #first = 0;
  /** In the order in which they came. */
  #arrived: Held<T>[] = [];
  #oldest = 0;
  #size = 0;
  #latest = Number.NEGATIVE_INFINITY;

  constructor({ window, maxItems, maxSize }: SortWindowOptions) {
    this.#window = window;
    this.#maxItems = maxItems ?? DEFAULT_MAX_HELD;
    this.#maxSize = maxSize ?? DEFAULT_MAX_HELD_SIZE;
  }

  get length(): number {
    return this.#sorted.length - this.#first;
  }

  /** When the next item must be let out, ms; undefined while none waits. */
  get due(): number | undefined {
    while (this.#arrived[this.#oldest]?.out === true) this.#oldest += 1;
    return this.#arrived[this.#oldest]?.due;
  }

  /**
   * @param size of the item, towards `maxSize`
   * @param now on a clock that {@link release} is asked by
   */
  push(item: T, { time, size, now }: { time: number; size: number; now: number }): void {
    const held = { item, time, due: now + this.#window, size, out: false };
    // Nearly all come in order, or nearly so: the place is found from the end.
    let place = this.#sorted.length;
    while (place > this.#first && (this.#sorted[place - 1] as Held<T>).time > time) place -= 1;
    this.#sorted.splice(place, 0, held);
    this.#arrived.push(held);
    this.#size += size;
  }

  /** What must go now, in order: whatever is due, what happened before that, and what is too much. */
  release(now: number): Released<T>[] {
    const released: Released<T>[] = [];
    while (this.length > 0 && (this.#isOverfull() || (this.due as number) <= now)) {
      const held = this.#sorted[this.#first] as Held<T>;
      this.#first += 1;
      held.out = true;
      this.#size -= held.size;
      released.push({
        item: held.item,
        ...(held.time < this.#latest && { late: Math.round(this.#latest - held.time) }),
      });
      this.#latest = Math.max(this.#latest, held.time);
    }
    this.#forget();
    return released;
  }

  #isOverfull(): boolean {
    return this.length > this.#maxItems || this.#size > this.#maxSize;
  }

  /** Lets go of the past once it is the greater part, so that each item is moved once on average. */
  #forget(): void {
    if (this.#first * 2 > this.#sorted.length) {
      this.#sorted = this.#sorted.slice(this.#first);
      this.#first = 0;
    }
    if (this.#oldest * 2 > this.#arrived.length) {
      this.#arrived = this.#arrived.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

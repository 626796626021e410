export interface Bounds {
  readonly items: number;
  /** The most that the weights of all items may add up to. */
  readonly weight: number;
}

/**
 * A queue whose items keep the number they came with, however many have been let go before them. Over its bounds it
 * lets the oldest go.
 */
export class Bounded<T> {
  readonly #bounds: Bounds;
  readonly #weigh: (item: T) => number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #first = 0;
  #weight = 0;

  constructor(bounds: Bounds, weigh: (item: T) => number) {
    this.#bounds = bounds;
    this.#weigh = weigh;
  }

  /** The number of the oldest item: so many have been let go. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next item gets. */
  get next(): number {
    return this.#first + this.length;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get(number: number): T | undefined {
    return number < this.#first ? undefined : this.#items[this.#head + number - this.#first];
  }

  /** @param onLetGo told of each item that made room */
  push(item: T, onLetGo?: (item: T) => void): void {
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    // The newest stays, however heavy it is.
    while (this.length > 1 && (this.length > this.#bounds.items || this.#weight > this.#bounds.weight)) {
      const oldest = this.#items[this.#head] as T;
      this.#items[this.#head] = undefined;
      this.#head += 1;
      this.#first += 1;
      this.#weight -= this.#weigh(oldest);
      onLetGo?.(oldest);
    }
    if (this.#head > 4096 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}

/** A queue whose items can be looked at by their place; taking from its front costs no move of the others. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  at(i: number): T {
    return this.#items[this.#head + i] as T;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  replaceLast(item: T): void {
    this.#items[this.#items.length - 1] = item;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length === 0) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Place of the first item for which `isBehind` holds, which must hold for all that follow it. */
  search(isBehind: (item: T) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const COMPACT_AFTER = 32;

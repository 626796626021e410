/** Bytes in the order they came, in memory of a fixed size that is taken when the first of them comes. */
export class ByteRing {
  readonly capacity: number;
  #memory: Buffer | undefined;
  #start = 0;
  #length = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get room(): number {
    return this.capacity - this.#length;
  }

  /** Copies `data` in. @throws {RangeError} if there is no room for all of it */
  push(data: Buffer): void {
    if (data.length > this.room)
      throw new RangeError(`no room for ${data.length} bytes: ${this.room} are free`);
    const memory = (this.#memory ??= Buffer.allocUnsafeSlow(this.capacity));
    const end = (this.#start + this.#length) % this.capacity;
    const first = data.copy(memory, end);
    if (first < data.length) data.copy(memory, 0, first);
    this.#length += data.length;
  }

  /** The oldest bytes, as many as lie together: a view that stays as it is until they are consumed. */
  peek(): Buffer {
    const memory = this.#memory ?? Buffer.alloc(0);
    return memory.subarray(this.#start, Math.min(this.#start + this.#length, this.capacity));
  }

  /** Forgets the oldest `count` bytes. */
  consume(count: number): void {
    this.#start = (this.#start + count) % this.capacity;
    this.#length -= count;
  }
}

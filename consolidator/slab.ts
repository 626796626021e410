/** A body below this is copied, bytes: libzmq reads messages of up to 8 KiB together into one block, which each of them keeps. */
export const COPIED_BELOW_BYTES = 8 * 1024;

const SMALLEST_BYTES = 1024;
const LARGEST_BYTES = 16 * 1024;

/**
 * Keeps bodies for long without keeping more than they are. A large one is kept as it was received. A small one would
 * keep the block alive that it was read in, up to 27 times its size, so it is copied behind the last one of its topic,
 * into a block that is let go as a whole when all that is in it is forgotten: topics forget in order.
 */
export class Slab {
  #block = Buffer.alloc(0);
  #used = 0;

  keep(body: Buffer): Buffer {
    if (body.length >= COPIED_BELOW_BYTES || body.length === 0) return body;
    if (body.length > this.#block.length - this.#used) {
      const size = Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, 2 * this.#block.length));
      this.#block = Buffer.allocUnsafeSlow(Math.max(size, body.length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += body.copy(this.#block, start);
    return this.#block.subarray(start, this.#used);
  }
}

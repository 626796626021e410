import { Fifo } from './fifo.js';

/** A body below this is copied, bytes: libzmq reads messages of up to 8 KiB together into one block, which each of them keeps. */
export const COPIED_BELOW_BYTES = 8 * 1024;

const SMALLEST_BYTES = 512;
const LARGEST_BYTES = 16 * 1024;

/** Of what is kept already, a new block is no larger than this share: a quiet topic is not to pay for a busy one's. */
const SHARE = 0.5;

/** What a block costs besides its bytes: three objects and an allocation. */
const BLOCK_OVERHEAD_BYTES = 250;

/** The least that keeping one small body takes, bytes. */
export const LEAST_BYTES = SMALLEST_BYTES + BLOCK_OVERHEAD_BYTES;

interface Block {
  readonly size: number;
  /** Those that are kept in it. */
  bodies: number;
}

const NOTHING = Buffer.alloc(0);

/**
 * Keeps bodies for long without keeping more than they are. A large one is kept as it was received. A small one would
 * keep the block alive that it was read in, up to 27 times its size, so it is copied behind the last one of its topic,
 * into a block that is let go as a whole when all that is in it is forgotten: topics forget in order.
 */
export class Slab {
  /** Oldest first; the last is the one that is written to. */
  readonly #blocks = new Fifo<Block>();
  #block = NOTHING;
  #used = 0;
  #bytes = 0;

  /** Bytes that it takes: whole blocks, for as long as one body in them is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Hot: once a message. */
  keep(body: Buffer): Buffer {
    if (!isCopied(body)) {
      this.#bytes += body.length;
      return body;
    }
    if (body.length > this.#block.length - this.#used) this.#open(body.length);
    (this.#blocks.last as Block).bodies += 1;
    const start = this.#used;
    this.#used += body.copy(this.#block, start);
    return this.#block.subarray(start, this.#used);
  }

  /** Hot. The oldest that is kept, as {@link keep} gave it, is not any more. */
  drop(body: Buffer): void {
    if (!isCopied(body)) {
      this.#bytes -= body.length;
      return;
    }
    const block = this.#blocks.first as Block;
    block.bodies -= 1;
    if (block.bodies > 0) return;
    this.#blocks.shift();
    this.#bytes -= block.size + BLOCK_OVERHEAD_BYTES;
    if (this.#blocks.length > 0) return;
    this.#block = NOTHING;
    this.#used = 0;
  }

  #open(least: number): void {
    const usual = Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, Math.floor(this.#bytes * SHARE)));
    const size = Math.max(usual, least);
    this.#block = Buffer.allocUnsafeSlow(size);
    this.#used = 0;
    this.#blocks.push({ size, bodies: 0 });
    this.#bytes += size + BLOCK_OVERHEAD_BYTES;
  }
}

function isCopied({ length }: Buffer): boolean {
  return length > 0 && length < COPIED_BELOW_BYTES;
}

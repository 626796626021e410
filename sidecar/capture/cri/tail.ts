import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** One for all tails: a chunk is handed over before the next is read. */
let buffer: Buffer | undefined;
const READ_BYTES = 64 * 1024;
/** A CRI line begins with its nanosecond, so the head of a file tells it from one that was written in its place. */
const HEAD_BYTES = 64;

/**
 * One open log file and how far it has been read. It follows the file and not its name: after a rename it reads on
 * where it was. Reads are synchronous: 64 KiB from the page cache take 10 µs, and a thread of the pool would take longer.
 */
export class FileTail {
  readonly path: string;
  readonly inode: number;
  readonly device: number;
  readonly #fd: number;
  #position: number;
  #head = Buffer.alloc(0);
  #closed = false;

  /** @throws a system error, ENOENT among them */
  constructor(path: string, startAt: (fd: number, size: number) => number = () => 0) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    const { ino, dev, size } = fstatSync(this.#fd);
    this.inode = ino;
    this.device = dev;
    this.#position = startAt(this.#fd, size);
    this.wasCut();
  }

  /** Reads once. @returns false where there is no more now */
  read(take: (bytes: Buffer) => void): boolean {
    const space = (buffer ??= Buffer.allocUnsafeSlow(READ_BYTES));
    const length = readSync(this.#fd, space, 0, READ_BYTES, this.#position);
    if (length === 0) return false;
    this.#position += length;
    take(space.subarray(0, length));
    return true;
  }

  /** Whether the file was emptied, or written anew in its place, since the last call. It is read from its start then. */
  wasCut(): boolean {
    const head = Buffer.alloc(HEAD_BYTES);
    const length = readSync(this.#fd, head, 0, HEAD_BYTES, 0);
    const cut =
      this.stat().size < this.#position ||
      !head.subarray(0, Math.min(length, this.#head.length)).equals(this.#head);
    this.#head = head.subarray(0, length);
    if (cut) this.#position = 0;
    return cut;
  }

  /** Bytes that there are and that were not read. */
  get remaining(): number {
    return Math.max(0, this.stat().size - this.#position);
  }

  isAt({ ino, dev }: Stats): boolean {
    return ino === this.inode && dev === this.device;
  }

  stat(): Stats {
    return fstatSync(this.#fd);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

/** Takes a piece of a payload: `bytes` from `start` to `end`, valid until the call returns. */
export type TakePayload = (bytes: Buffer, start: number, end: number) => void;

const CR = 0x0d;
const LF = 0x0a;

/**
 * Takes HTTP/1.1 chunks apart (RFC 9112, 7.1), however the bytes come in. A server may cut an event anywhere with a
 * chunk's frame, so nobody can count events without doing this first. It costs per chunk, not per byte: the payload is
 * handed on where it lies.
 */
export class ChunkedDecoder {
  readonly #take: TakePayload;
  /** What comes next: digits of a size, the rest of its line, payload, or the line end behind the payload. */
  #state: 'size' | 'line' | 'payload' | 'end' = 'size';
  /** In `size` the number so far, in `payload` the bytes still to come. */
  #left = 0;
  #ended = false;

  constructor(take: TakePayload) {
    this.#take = take;
  }

  /** The last chunk, of length 0, has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws {Error} where the bytes are no chunked body */
  push(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#ended) {
      if (this.#state === 'payload') {
        const stop = Math.min(end, at + this.#left);
        this.#take(bytes, at, stop);
        this.#left -= stop - at;
        at = stop;
        if (this.#left === 0) this.#state = 'end';
        continue;
      }
      this.#frame(bytes[at] as number);
      at += 1;
    }
  }

  #frame(byte: number): void {
    if (this.#state === 'size') {
      const digit = hexDigit(byte);
      if (digit !== -1) this.#left = this.#left * 16 + digit;
      else if (byte === CR || byte === 0x3b) this.#state = 'line';
      else throw new Error(`the server sent no chunk where one was due: byte 0x${byte.toString(16)}`);
    } else if (byte === LF) {
      if (this.#state === 'line' && this.#left === 0) this.#ended = true;
      this.#state = this.#state === 'line' ? 'payload' : 'size';
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

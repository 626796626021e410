import { ChunkedDecoder } from './chunked.js';
import { SseCounter, type TakeEvent } from './sse-counter.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 16 * 1024;

/** One response as raw bytes from a socket: its head, then a stream of events, in chunks or not. */
export class SseResponse {
  readonly counter: SseCounter;
  readonly #onOpen: () => void;
  #head: Buffer | undefined = Buffer.alloc(0);
  #chunks: ChunkedDecoder | undefined;

  constructor(onOpen: () => void, onRecord?: TakeEvent) {
    this.#onOpen = onOpen;
    this.counter = new SseCounter(onRecord);
  }

  /** Hot: once a read. @throws {Error} where the answer is not 200 */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.#head !== undefined) return this.#pushHead(this.#head, bytes.subarray(start, end));
    if (this.#chunks === undefined) this.counter.push(bytes, start, end);
    else this.#chunks.push(bytes, start, end);
  }

  #pushHead(before: Buffer, bytes: Buffer): void {
    const all = Buffer.concat([before, bytes]);
    const end = all.indexOf(HEAD_END);
    if (end === -1) {
      if (all.length > MAX_HEAD_BYTES) throw new Error('the head of the response does not end');
      this.#head = all;
      return;
    }
    this.#head = undefined;
    const head = all.toString('latin1', 0, end);
    if (!/^HTTP\/1\.[01] 200 /.test(head)) {
      const body = all.toString('utf8', end + HEAD_END.length);
      throw new Error(`the server answered ${head.split('\r\n', 1)[0]}: ${body}`);
    }
    if (/^transfer-encoding: *chunked *$/im.test(head)) {
      this.#chunks = new ChunkedDecoder((piece, from, to) => this.counter.push(piece, from, to));
    }
    this.#onOpen();
    if (end + HEAD_END.length < all.length) this.push(all, end + HEAD_END.length, all.length);
  }
}

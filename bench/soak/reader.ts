import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { BenchError } from '../lib/errors.js';

/** How a reader takes what comes. */
export type Manner =
  | { readonly kind: 'fast' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Reads for a while, stands still for a while, and so on; ms. */
  | { readonly kind: 'stalling'; readonly readsFor: number; readonly standsFor: number };

const SLOW_TICK_MS = 50;

/** One HTTP response and how it is read. The text is one byte a character. */
export class Reader {
  /** Resolves when the response is over, whoever ended it. */
  readonly over: Promise<void>;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #take: (text: string) => void;
  #timer: NodeJS.Timeout | undefined;

  private constructor(request: ClientRequest, response: IncomingMessage, take: (text: string) => void) {
    this.#request = request;
    this.#response = response;
    this.#take = take;
    this.over = new Promise((resolve) => {
      response.once('close', () => {
        this.#empty();
        resolve();
      });
    });
    // A relay that is killed resets its connections; `close` follows.
    response.on('error', () => {});
    request.on('error', () => {});
  }

  /** Resolves when the response has begun, so that the consumer is there. @throws {BenchError} `part` */
  static open(url: string, manner: Manner, take: (text: string) => void): Promise<Reader> {
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false }, (response) => {
        if (response.statusCode !== 200)
          return reject(new BenchError('part', `${url} answered ${response.statusCode}`));
        const reader = new Reader(request, response, take);
        reader.#begin(manner);
        resolve(reader);
      });
      request.once('error', reject);
    });
  }

  /** Whether the response came to its end; meaningful once it is over. */
  get isComplete(): boolean {
    return this.#response.complete;
  }

  /** From here on it reads as fast as it can. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#flow();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#request.destroy();
  }

  /** A connection may be gone while some of what came is still to be looked at. */
  #empty(): void {
    clearTimeout(this.#timer);
    for (let rest = this.#next(); rest !== null; rest = this.#next()) this.#take(rest.toString('latin1'));
  }

  #next(size?: number): Buffer | null {
    return this.#response.read(size) as Buffer | null;
  }

  #begin(manner: Manner): void {
    if (manner.kind === 'slow') this.#sip((manner.bytesPerSecond * SLOW_TICK_MS) / 1000);
    else {
      this.#flow();
      if (manner.kind === 'stalling') this.#alternate(manner.readsFor, manner.standsFor);
    }
  }

  #flow(): void {
    this.#response.removeAllListeners('readable').removeAllListeners('data');
    this.#response.on('data', (bytes: Buffer) => this.#take(bytes.toString('latin1')));
    this.#response.resume();
  }

  #alternate(readsFor: number, standsFor: number): void {
    this.#timer = setTimeout(() => {
      this.#response.pause();
      this.#timer = setTimeout(() => {
        this.#response.resume();
        this.#alternate(readsFor, standsFor);
      }, standsFor);
    }, readsFor);
  }

  #sip(bytes: number): void {
    // A listener keeps the stream from flowing and lets `read` ask for more.
    this.#response.on('readable', () => {});
    const tick = () => {
      const size = Math.min(Math.max(1, Math.floor(bytes)), this.#response.readableLength);
      const taken = this.#next(size);
      if (taken !== null && taken.length > 0) this.#take(taken.toString('latin1'));
      this.#timer = setTimeout(tick, SLOW_TICK_MS);
    };
    tick();
  }
}

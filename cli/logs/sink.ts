import type { Writable } from 'node:stream';

/**
 * Gathers text and writes it in one go, then waits until the stream can take more. It has no listener for `error`:
 * what a closed output means is for its owner to say.
 */
export class Sink {
  readonly #stream: Writable;
  #text = '';

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  push(text: string): void {
    this.#text += text;
  }

  /** Hands over what has been gathered, and resolves when the stream can take more. */
  async flush(): Promise<void> {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    if (this.#stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#stream.off('drain', done).off('close', done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done);
    });
  }
}

/** So long work goes on before the event loop has its turn, ms: live streams and health checks wait no longer. */
const SLICE_MS = 5;

/**
 * Long work in short pieces. Whoever does some asks between two steps whether the slice {@link isOver} and, if so, waits
 * for the {@link next}. There is one slice a turn of the event loop, whoever has it, so many at work hold the others up
 * no longer than one does; and in the order of asking, so that short work is not behind all of a long one.
 */
export class Slices {
  readonly #queue: (() => void)[] = [];
  #until = 0;
  #pumping = false;

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      if (!this.#pumping) this.#pump();
    });
  }

  #pump(): void {
    this.#pumping = true;
    setImmediate(() => {
      const resolve = this.#queue.shift();
      this.#pumping = this.#queue.length > 0;
      if (this.#pumping) this.#pump();
      this.#until = performance.now() + SLICE_MS;
      resolve?.();
    });
  }
}

/** How long to wait before the next attempt: doubled each time, and spread, so that many do not come at once. */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  #failures = 0;

  /** @param min @param max first and longest wait, ms, before the spread of ±25 % */
  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** The next wait, ms. @param random in [0, 1) */
  next(random: number = Math.random()): number {
    const wait = Math.min(this.#max, this.#min * 2 ** this.#failures);
    if (wait < this.#max) this.#failures += 1;
    return wait * (0.75 + random / 2);
  }
}

/** Resolves after `ms`, or at once when it is aborted. It keeps no process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done);
  });
}

export interface BackoffOptions {
  /** The ceiling of the first wait, ms. @defaultValue 500 */
  readonly base?: number;
  /** The ceiling of all waits, ms. @defaultValue 15,000 */
  readonly cap?: number;
  /** In [0, 1). @defaultValue Math.random */
  readonly random?: () => number;
}

export const DEFAULT_BACKOFF_BASE = 500;
export const DEFAULT_BACKOFF_CAP = 15_000;

/**
 * How long to wait before the next attempt: exponential with full jitter, so that the readers of a relay that fell
 * over do not all come back at once.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  readonly #base: number;
  readonly #cap: number;
  readonly #random: () => number;
  #failures = 0;
  #asked: number | undefined;

  constructor(options: BackoffOptions = {}) {
    this.#base = options.base ?? DEFAULT_BACKOFF_BASE;
    this.#cap = options.cap ?? DEFAULT_BACKOFF_CAP;
    this.#random = options.random ?? Math.random;
  }

  /** Attempts in a row that came to nothing. */
  get failures(): number {
    return this.#failures;
  }

  /** The stream has said something. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** The server names the next wait (`retry:`, `Retry-After`), ms. It has its reasons and its own jitter. */
  ask(ms: number): void {
    this.#asked = ms;
  }

  /** The wait before the next attempt, ms. */
  next(): number {
    const asked = this.#asked;
    this.#asked = undefined;
    const ceiling = Math.min(this.#cap, this.#base * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(asked === undefined ? this.#random() * ceiling : Math.min(asked, MAX_ASKED));
  }
}

/** A server may not send its readers away for ever, ms. */
const MAX_ASKED = 5 * 60_000;

/** Before the first record: somebody has just typed the command and looks at nothing, ms. */
const FIRST_MS = 2_000;

/** Longer than a relay keeps silent: by then a heartbeat has come, or the connection is given up, ms. */
const NEXT_MS = 30_000;

const LONGEST_MS = 60 * 60_000;

export interface IdleWatchOptions {
  /** Whether all connections are open: only then silence means that nothing is printed. */
  readonly isAlive: () => boolean;
  /** @param idle how long nothing has come, ms; undefined where nothing has come at all */
  readonly onIdle: (idle: number | undefined) => void;
}

/** Tells at ever longer intervals that a stream on which nothing comes is alive, so that idle and dead look different. */
export class IdleWatch {
  readonly #options: IdleWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #heard: number | undefined;
  #since: number;
  #step = FIRST_MS;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#look(), 1_000).unref();
  }

  /** A record has come. */
  heard(): void {
    this.#heard = performance.now();
    this.#since = this.#heard;
    this.#step = NEXT_MS;
  }

  /** A connection was lost or opened: silence counts from here. */
  restart(): void {
    this.#since = performance.now();
    this.#step = this.#heard === undefined ? FIRST_MS : NEXT_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const idle = performance.now() - this.#since;
    if (idle < this.#step || !this.#options.isAlive()) return;
    this.#options.onIdle(this.#heard === undefined ? undefined : performance.now() - this.#heard);
    this.#step = Math.min(LONGEST_MS, Math.max(NEXT_MS, this.#step * 2));
    if (this.#step === LONGEST_MS) this.#since = performance.now();
  }
}

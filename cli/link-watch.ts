import type { Log } from '../telemetry/index.js';

/** So long without a connection, and it is told, ms: a consolidator that is started again is back sooner. */
const PATIENCE_MS = 5_000;

/**
 * Tells whoever runs a sidecar that what is printed reaches nobody: the program's own output looks the same either way.
 * Once an outage, however many containers share the consolidator.
 */
export class LinkWatch {
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #to: string;
  readonly #patience: number;
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  constructor(log: Pick<Log, 'info' | 'warn'>, to: string, patience = PATIENCE_MS) {
    this.#log = log;
    this.#to = to;
    this.#patience = patience;
  }

  /** There is no connection, and one is tried for. */
  down(): void {
    this.#timer ??= setTimeout(() => {
      this.#told = true;
      this.#log.warn(
        `no consolidator answers at ${this.#to} (--to): what is printed waits here as long as there is room; trying again`,
      );
    }, this.#patience).unref();
  }

  up(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#told) return;
    this.#told = false;
    this.#log.info(`connected to the consolidator at ${this.#to}`);
  }
}

import type { MatchRequest } from './matcher-worker.js';
import type { Ranges } from './query.js';

/**
 * How long the lines of one request may take, ms. A usual expression has done a thousand in some 2 ms; one that goes
 * through all ways of matching a line doubles its time with each character of it.
 */
export const DEFAULT_MATCH_DEADLINE_MS = 1_000;

/** What a matcher needs of a worker. */
export interface MatchWorker extends EventTarget {
  postMessage(request: MatchRequest): void;
  terminate(): void;
}

export class MatchError extends Error {
  override name = 'MatchError';
  readonly code: 'too-slow' | 'no-worker';

  constructor(code: MatchError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Matches readers' own regular expressions in a worker, one request after the other: a script cannot stop a regular
 * expression that it has started, but it can end the thread that runs it.
 */
export class Matcher {
  readonly #start: () => MatchWorker;
  readonly #deadline: number;
  #worker: Promise<MatchWorker> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(start: () => MatchWorker, deadline = DEFAULT_MATCH_DEADLINE_MS) {
    this.#start = start;
    this.#deadline = deadline;
  }

  /** @throws {MatchError} */
  find(pattern: RegExp, texts: readonly string[]): Promise<readonly (Ranges | undefined)[]> {
    const found = this.#turn.then(() => this.#ask({ pattern, texts }));
    this.#turn = found.catch(() => {});
    return found;
  }

  async #ask(request: MatchRequest): Promise<readonly (Ranges | undefined)[]> {
    this.#worker ??= ready(this.#start());
    const worker = await this.#worker.catch((error: unknown) => {
      this.#worker = undefined;
      throw error;
    });
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        // A page that was put to sleep wakes up with its timers due and its worker behind.
        if (performance.now() - due > this.#deadline) return arm();
        worker.terminate();
        this.#worker = undefined;
        reject(new MatchError('too-slow', 'given up: it takes too long for some line'));
      };
      let due = 0;
      let timer: ReturnType<typeof setTimeout>;
      const arm = () => {
        due = performance.now() + this.#deadline;
        timer = setTimeout(giveUp, this.#deadline);
      };
      once(worker, 'message', ({ data }: MessageEvent<readonly (Ranges | undefined)[]>) => {
        clearTimeout(timer);
        resolve(data);
      });
      arm();
      worker.postMessage(request);
    });
  }
}

/** Time counts from here on, and not while its script is loaded. */
function ready(worker: MatchWorker): Promise<MatchWorker> {
  return new Promise((resolve, reject) => {
    once(worker, 'message', () => resolve(worker));
    once(worker, 'error', () =>
      reject(new MatchError('no-worker', 'an expression needs the relay once, and it cannot be reached')),
    );
  });
}

function once(worker: MatchWorker, type: string, listener: (event: MessageEvent) => void): void {
  worker.addEventListener(type, listener as EventListener, { once: true });
}

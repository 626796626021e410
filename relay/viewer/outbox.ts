import type { Entry } from './entry.js';

/** The most that one batch to the page carries, entries: what it can take in within a frame. */
const MAX_BATCH = 2_000;

/** What waits for the page at most, entries. Over it nothing more is read, and the relay drops and counts. */
const MAX_WAITING = 20_000;

/**
 * Between the stream and the page: one batch is with the page at a time, and it asks for the next one when it has painted.
 * So a page gets one message a frame, and one that does not keep up is never buried.
 */
export class Outbox {
  readonly #post: (entries: readonly Entry[]) => void;
  #waiting: Entry[] = [];
  #isWanted = true;
  #onRoom: (() => void) | undefined;

  constructor(post: (entries: readonly Entry[]) => void) {
    this.#post = post;
  }

  /** Resolves when more may be put. */
  put(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) this.#waiting.push(entry);
    this.#flush();
    if (this.#waiting.length < MAX_WAITING) return Promise.resolve();
    return new Promise((resolve) => (this.#onRoom = resolve));
  }

  /** The page has taken the last batch. */
  take(): void {
    this.#isWanted = true;
    this.#flush();
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#onRoom?.();
    this.#onRoom = undefined;
  }

  #flush(): void {
    if (!this.#isWanted || this.#waiting.length === 0) return;
    this.#isWanted = false;
    const batch = this.#waiting.slice(0, MAX_BATCH);
    this.#waiting = this.#waiting.slice(MAX_BATCH);
    this.#post(batch);
  }
}

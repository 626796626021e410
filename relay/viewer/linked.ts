import type { Journal } from './journal.js';
import type { Place } from './target.js';

/** A record that was linked to is shown with what came before it within this, ms. */
const BEFORE_LINK_MS = 2_000;

/** How long after the stream is live a record that was linked to may take to come, ms. */
const LINK_MS = 3_000;

/** The record that the page's address leads to, until it has come. */
export class Linked {
  readonly #onMissing: () => void;
  #at: Place['at'];
  #state: 'none' | 'sought' | 'missing' = 'none';

  /** @param onMissing it is no longer remembered */
  constructor(onMissing: () => void) {
    this.#onMissing = onMissing;
  }

  get state(): 'none' | 'sought' | 'missing' {
    return this.#state;
  }

  /** Since when the stream must be read to have it, ISO 8601; undefined where no record is sought. */
  get since(): string | undefined {
    const time = this.#at === undefined ? Number.NaN : Date.parse(this.#at.time);
    return time < Date.now() ? new Date(time - BEFORE_LINK_MS).toISOString() : undefined;
  }

  seek(at: Place['at']): void {
    this.#at = at;
    this.#state = at === undefined ? 'none' : 'sought';
  }

  /** The stream is live: what it remembers comes now. */
  expect(): void {
    if (this.#state !== 'sought') return;
    const sought = this.#at;
    setTimeout(() => {
      if (this.#state !== 'sought' || this.#at !== sought) return;
      this.#state = 'missing';
      this.#onMissing();
    }, LINK_MS);
  }

  /** The number of the record, once it has come; it is told once. */
  find(journal: Journal): number | undefined {
    if (this.#state !== 'sought') return undefined;
    for (let place = journal.length - 1; place >= 0; place--) {
      const number = journal.numberAt(place);
      const entry = journal.get(number);
      if (entry?.kind !== 'record' || entry.key !== this.#at?.key) continue;
      this.#state = 'none';
      return number;
    }
    return undefined;
  }
}

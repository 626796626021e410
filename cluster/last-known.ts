import type { ConsolidatorEntry } from './entry.js';

/**
 * What a directory says is there, and what it said until a moment ago.
 *
 * Discovery says where to look; it is no reason to cut a connection that works. A lease is lost while its consolidator
 * lives, a directory is restarted empty, a name server leaves addresses out of an answer: so whatever goes is kept for
 * a grace period, and only if it is not back by then it is gone. A consolidator that has really gone has closed its
 * connection itself, and all that is kept is an attempt to connect twice a second.
 *
 * The grace runs only while the directory answers: nobody can come back to one that is down.
 *
 * What it tells is in order: who is there before who has gone, and the newest first. A run that was killed is known for
 * the rest of its lease and the grace next to the one that has its endpoint now, and with the key that it had.
 */
export class LastKnown {
  readonly #grace: number;
  readonly #onChange: (entries: readonly ConsolidatorEntry[]) => void;
  /** Oldest first. */
  readonly #present = new Map<string, ConsolidatorEntry>();
  /** What has gone, and when it will be dropped, ms of the monotonic clock. In the order of going. */
  readonly #leaving = new Map<string, { readonly entry: ConsolidatorEntry; readonly until: number }>();
  #timer: NodeJS.Timeout | undefined;
  #paused = false;

  /** @param grace ms */
  constructor(grace: number, onChange: (entries: readonly ConsolidatorEntry[]) => void) {
    this.#grace = grace;
    this.#onChange = onChange;
  }

  /** The directory's whole answer, oldest first where it knows. */
  replace(entries: readonly ConsolidatorEntry[]): void {
    const gone = new Map(this.#present);
    this.#present.clear();
    for (const entry of entries) {
      this.#present.set(entry.id, entry);
      this.#leaving.delete(entry.id);
      gone.delete(entry.id);
    }
    this.#resume();
    for (const entry of gone.values()) this.#leave(entry);
    this.#changed();
  }

  put(entry: ConsolidatorEntry): void {
    this.#leaving.delete(entry.id);
    this.#present.set(entry.id, entry);
    this.#changed();
  }

  delete(id: string): void {
    const entry = this.#present.get(id);
    if (entry === undefined) return;
    this.#present.delete(id);
    this.#leave(entry);
    this.#changed();
  }

  /** The directory does not answer: nothing is dropped until it has answered again and a full grace has passed. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#leaving.clear();
    this.#paused = true;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const again = [...this.#leaving.values()];
    this.#leaving.clear();
    for (const { entry } of again) this.#leave(entry);
  }

  #leave(entry: ConsolidatorEntry): void {
    this.#leaving.set(entry.id, { entry, until: performance.now() + this.#grace });
  }

  #changed(): void {
    this.#schedule();
    const left = [...this.#leaving.values()].map(({ entry }) => entry);
    this.#onChange([...[...this.#present.values()].toReversed(), ...left.toReversed()]);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const [next] = this.#leaving.values();
    if (next === undefined || this.#paused) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, next.until - performance.now())).unref();
  }

  #expire(): void {
    const now = performance.now();
    for (const [id, { until }] of this.#leaving) {
      // A timer may fire a fraction of a millisecond early.
      if (until > now + 1) break;
      this.#leaving.delete(id);
    }
    this.#changed();
  }
}

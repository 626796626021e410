/** What lasts is told again after so long, ms. */
const AGAIN_MS = 300_000;

/** Most texts that are remembered; the oldest goes, and would be told again. */
const MAX_REMEMBERED = 1_000;

/** Tells what is new from what is said again: a directory that lies would otherwise fill the log. */
export class Repeats {
  readonly #toldAt = new Map<string, number>();

  /** @param now ms, monotonic */
  isNew(text: string, now: number): boolean {
    const at = this.#toldAt.get(text);
    if (at !== undefined && now - at < AGAIN_MS) return false;
    this.#toldAt.delete(text);
    this.#toldAt.set(text, now);
    if (this.#toldAt.size > MAX_REMEMBERED) this.#toldAt.delete(this.#toldAt.keys().next().value as string);
    return true;
  }

  /** Everything that begins so is new again. */
  forget(prefix: string): void {
    for (const text of this.#toldAt.keys()) if (text.startsWith(prefix)) this.#toldAt.delete(text);
  }
}

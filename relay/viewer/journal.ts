import { Bounded } from './bounded.js';
import { markEntry, type Entry } from './entry.js';
import { bucketOf, LEVEL_NAMES, type LevelName } from './levels.js';

/** What the page keeps, entries; and while it is paused as many again of what comes. */
export const MAX_KEPT = 50_000;
/** The same in characters of JSON and text: one container that prints long lines must not fill the heap. */
export const MAX_KEPT_CHARS = 24 * 1024 * 1024;

const BOUNDS = { items: MAX_KEPT, weight: MAX_KEPT_CHARS };

/**
 * The entries of one stream that the page keeps, and which of them are shown. Paused, what is kept stands still: nothing
 * that somebody reads is taken away, and what comes waits in a second ring of the same size.
 */
export class Journal {
  #kept = new Bounded<Entry>(BOUNDS, weigh);
  #waiting = new Bounded<Entry>(BOUNDS, weigh);
  /** Numbers in `#kept` of what passes the filter, ascending; those before `#head` have been let go. */
  #shown: number[] = [];
  #head = 0;
  #newShown = 0;
  #paused = false;
  #passes: (entry: Entry) => boolean = () => true;
  #counts = zeroCounts();

  get paused(): boolean {
    return this.#paused;
  }

  /** Entries kept. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Entries let go to make room for newer ones. */
  get letGo(): number {
    return this.#kept.first;
  }

  /** While paused: entries that have come and would be shown. */
  get fresh(): number {
    return this.#newShown;
  }

  /** Entries shown. */
  get length(): number {
    return this.#shown.length - this.#head;
  }

  /** Kept records by level. */
  get counts(): Readonly<Record<LevelName, number>> {
    return this.#counts;
  }

  /** The number of the entry that is shown at a place; it stays the same while the places move. */
  numberAt(place: number): number {
    return this.#shown[this.#head + place] as number;
  }

  get(number: number): Entry | undefined {
    return this.#kept.get(number);
  }

  /** The place of the first entry shown whose number is not less. */
  placeOf(number: number): number {
    let low = this.#head;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#shown[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low - this.#head;
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (!this.#paused) this.#keep(entry);
      else {
        this.#waiting.push(entry);
        if (this.#passes(entry)) this.#newShown += 1;
      }
    }
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const passed = this.#waiting.first;
    if (passed > 0)
      this.#keep(
        markEntry(
          `${passed.toLocaleString('en')} records came while the page was paused and were let go: it keeps the newest ${MAX_KEPT.toLocaleString('en')}`,
        ),
      );
    for (const entry of this.#waiting) this.#keep(entry);
    this.#waiting = new Bounded<Entry>(BOUNDS, weigh);
    this.#newShown = 0;
  }

  /** Shows what passes from now on, of the past too. */
  filter(passes: (entry: Entry) => boolean): void {
    this.#passes = passes;
    this.#shown = [];
    this.#head = 0;
    for (let number = this.#kept.first; number < this.#kept.next; number++) {
      if (passes(this.#kept.get(number) as Entry)) this.#shown.push(number);
    }
    this.#newShown = 0;
    for (const entry of this.#waiting) if (passes(entry)) this.#newShown += 1;
  }

  clear(): void {
    this.#kept = new Bounded<Entry>(BOUNDS, weigh);
    this.#waiting = new Bounded<Entry>(BOUNDS, weigh);
    this.#shown = [];
    this.#head = 0;
    this.#newShown = 0;
    this.#paused = false;
    this.#counts = zeroCounts();
  }

  /** All that is kept or waits, oldest first. */
  *all(): Generator<Entry> {
    yield* this.#kept;
    yield* this.#waiting;
  }

  /** What is shown, oldest first. */
  *entries(): Generator<Entry> {
    for (let place = 0; place < this.length; place++) yield this.#kept.get(this.numberAt(place)) as Entry;
  }

  #keep(entry: Entry): void {
    const number = this.#kept.next;
    this.#kept.push(entry, this.#onLetGo);
    if (entry.kind === 'record') this.#counts[bucketOf(entry.level)] += 1;
    if (this.#passes(entry)) this.#shown.push(number);
  }

  readonly #onLetGo = (entry: Entry): void => {
    if (entry.kind === 'record') this.#counts[bucketOf(entry.level)] -= 1;
    while (this.#head < this.#shown.length && (this.#shown[this.#head] as number) < this.#kept.first) {
      this.#head += 1;
    }
    if (this.#head > 4096 && this.#head * 2 > this.#shown.length) {
      this.#shown = this.#shown.slice(this.#head);
      this.#head = 0;
    }
  };
}

function weigh(entry: Entry): number {
  return entry.text.length + (entry.kind === 'record' ? entry.data.length : 0);
}

function zeroCounts(): Record<LevelName, number> {
  return Object.fromEntries(LEVEL_NAMES.map((name) => [name, 0])) as Record<LevelName, number>;
}

import { byId, formatCount, setText } from './dom.js';
import type { Entry } from './entry.js';
import { finderOf, type Finder } from './finder.js';
import { bucketOf, LEVEL_NAMES, type LevelName } from './levels.js';
import { Matcher } from './matcher.js';
import type { Ranges } from './query.js';
import { startWorker } from './start-worker.js';

/** After the last key press, before the past is searched, ms. */
const TYPING_MS = 80;

export interface SearchHandlers {
  /** All that is kept. */
  readonly past: () => readonly Entry[];
  /** What is to be shown or marked is another thing now. */
  readonly onChange: () => void;
  /** Enter: to the next match, or with Shift the one before. */
  readonly onNext: (by: 1 | -1) => void;
}

/** The search field, filter or highlight, and the level chips. */
export class Search {
  readonly input = byId('query', 'input');
  readonly #found = byId('found');
  readonly #modes = { filter: byId('mode-filter'), highlight: byId('mode-highlight') };
  readonly #chips = new Map<LevelName, { button: HTMLButtonElement; count: HTMLElement }>();
  readonly #off = new Set<LevelName>();
  readonly #handlers: SearchHandlers;
  readonly #matcher = new Matcher(() => startWorker('matcher-worker.js', 'spillway-matcher'));
  #mode: 'filter' | 'highlight' = 'filter';
  #typing: ReturnType<typeof setTimeout> | undefined;
  #text = '';
  /** In force. */
  #finder: Finder | undefined;
  /** In force as soon as it has examined the past; until then what was there before is. */
  #next: Finder | undefined;
  #complaint: string | undefined;
  /** On their way into what is kept. */
  #arriving: readonly Entry[] = [];

  constructor(handlers: SearchHandlers) {
    this.#handlers = handlers;
    this.input.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.#read(), TYPING_MS);
    });
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      void this.#read().then(() => handlers.onNext(event.shiftKey ? -1 : 1));
    });
    for (const mode of ['filter', 'highlight'] as const) {
      this.#modes[mode].addEventListener('click', () => this.#setMode(mode));
    }
    for (const name of LEVEL_NAMES) this.#addChip(name);
  }

  /** Whether anything may be hidden. */
  get hides(): boolean {
    return this.#off.size > 0 || (this.#mode === 'filter' && this.#finder !== undefined);
  }

  /** Resolves when it can be said of these whether they are found. One batch after the other. */
  async examine(entries: readonly Entry[]): Promise<void> {
    this.#arriving = entries;
    for (const finder of [this.#finder, this.#next]) {
      await finder?.examine(entries).catch((error: unknown) => this.#giveUp(finder, error as Error));
    }
    this.#arriving = [];
  }

  /** Notices are always shown: what is missing is missing under every filter. */
  readonly passes = (entry: Entry): boolean => {
    if (entry.kind !== 'record') return true;
    if (this.#off.size > 0 && this.#off.has(bucketOf(entry.level))) return false;
    return this.#mode === 'highlight' || this.#finder === undefined || this.#finder.finds(entry);
  };

  finds(entry: Entry): boolean {
    return this.#finder?.finds(entry) ?? false;
  }

  readonly rangesOf = (entry: Entry): Ranges => this.#finder?.rangesOf(entry) ?? [];

  showAll(): void {
    this.input.value = '';
    this.#off.clear();
    this.#applyLevels();
    void this.#read();
  }

  toggleMode(): void {
    this.#setMode(this.#mode === 'filter' ? 'highlight' : 'filter');
  }

  /** The numbers on the chips and beside the field. */
  tell(counts: Readonly<Record<LevelName, number>>, shown: number, kept: number): void {
    for (const [name, { count }] of this.#chips) setText(count, short(counts[name]));
    this.#found.classList.toggle('error', this.#complaint !== undefined);
    this.#found.title = this.#complaint ?? '';
    const count = this.hides ? `${formatCount(shown)} of ${formatCount(kept)}` : '';
    setText(this.#found, this.#complaint ?? (this.#next === undefined ? count : 'searching'));
  }

  #setMode(mode: 'filter' | 'highlight'): void {
    this.#mode = mode;
    for (const name of ['filter', 'highlight'] as const) {
      this.#modes[name].setAttribute('aria-pressed', String(name === mode));
    }
    this.#handlers.onChange();
  }

  async #read(): Promise<void> {
    clearTimeout(this.#typing);
    const text = this.input.value;
    if (text === this.#text && this.#complaint === undefined) return;
    this.#text = text;
    this.#next?.end();
    this.#next = undefined;
    const made = finderOf(text, this.#matcher);
    if (typeof made === 'string') return this.#complain(made);
    if (made !== undefined) {
      this.#next = made;
      this.#complain(undefined);
      try {
        await made.examine([...this.#handlers.past(), ...this.#arriving]);
      } catch (error) {
        return this.#giveUp(made, error as Error);
      }
      // Something else has been typed meanwhile.
      if (this.#next !== made) return;
    }
    this.#next = undefined;
    this.#finder?.end();
    this.#finder = made;
    this.#complain(undefined);
  }

  /** The expression shall hold nobody up: everything is shown without it. */
  #giveUp(finder: Finder, error: Error): void {
    if (finder !== this.#finder && finder !== this.#next) return;
    this.#next = undefined;
    this.#complain(error.message);
  }

  #complain(complaint: string | undefined): void {
    this.#complaint = complaint;
    if (complaint !== undefined) {
      this.#finder?.end();
      this.#finder = undefined;
    }
    this.input.setAttribute('aria-invalid', String(complaint !== undefined));
    this.#handlers.onChange();
  }

  #addChip(name: LevelName): void {
    const button = document.createElement('button');
    const count = document.createElement('span');
    button.type = 'button';
    button.dataset['level'] = name;
    button.title = `Show or hide ${name}; double click shows nothing else`;
    button.setAttribute('aria-pressed', 'true');
    button.append(name, count);
    button.addEventListener('click', () => {
      if (this.#off.has(name)) this.#off.delete(name);
      else this.#off.add(name);
      this.#applyLevels();
    });
    button.addEventListener('dblclick', () => {
      for (const other of LEVEL_NAMES) if (other !== name) this.#off.add(other);
      this.#off.delete(name);
      this.#applyLevels();
    });
    this.#chips.set(name, { button, count });
    byId('levels').append(button);
  }

  #applyLevels(): void {
    for (const [name, { button }] of this.#chips) {
      button.setAttribute('aria-pressed', String(!this.#off.has(name)));
    }
    this.#handlers.onChange();
  }
}

function short(count: number): string {
  if (count === 0) return '';
  return count < 10_000 ? String(count) : `${Math.floor(count / 1000)}k`;
}

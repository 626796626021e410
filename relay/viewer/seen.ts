import { streamOf } from './target.js';

/** Containers remembered for the picker, of those that were seen. */
const MAX_SEEN = 200;

/** Width of the column of their names at least and at most, characters. */
const MIN_WIDTH = 6;
const MAX_WIDTH = 20;

/** The containers whose records have come, as streams of their own; and the column that they are named in. */
export class Seen {
  readonly #list: HTMLElement;
  readonly #names = new Set<string>();
  #width = 0;

  /** @param list whose column of names is as wide as the longest that came */
  constructor(list: HTMLElement) {
    this.#list = list;
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  clear(): void {
    this.#names.clear();
    this.#setWidth(MIN_WIDTH);
  }

  /** @param from a record's container or component, in a stream */
  add(from: string, stream: string): void {
    if (this.#names.size >= MAX_SEEN) return;
    const target = streamOf(stream);
    if (target === undefined) return;
    const name = target.class === 'tenant' ? `tenant/${target.tenant}/${from}` : `system/${from}`;
    if (this.#names.has(name) || streamOf(name) === undefined) return;
    this.#names.add(name);
    if (from.length > this.#width) this.#setWidth(Math.min(from.length, MAX_WIDTH));
  }

  #setWidth(characters: number): void {
    this.#width = characters;
    this.#list.style.setProperty('--from', `${characters}ch`);
  }
}

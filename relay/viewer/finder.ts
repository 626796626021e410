import type { Entry } from './entry.js';
import type { Matcher } from './matcher.js';
import { matches, parseQuery, rangesOf, type Ranges } from './query.js';

/** What the search field asks for, at work. */
export interface Finder {
  /** To be waited for before the entries are asked about. @throws {MatchError} */
  examine(entries: readonly Entry[]): Promise<void>;
  finds(entry: Entry): boolean;
  /** Where in the text of an entry; undefined where it is not found. */
  rangesOf(entry: Entry): Ranges | undefined;
  /** Nobody asks any more. */
  end(): void;
}

/** The finder for what was typed; undefined for nothing, and a sentence for what is no regular expression. */
export function finderOf(text: string, matcher: Matcher): Finder | string | undefined {
  const query = parseQuery(text);
  switch (query.kind) {
    case 'all':
      return undefined;
    case 'error':
      return query.message;
    case 'text':
      return new TextFinder(query.pattern);
    case 'expression':
      return new ExpressionFinder(query.pattern, matcher);
  }
}

class TextFinder implements Finder {
  readonly #pattern: RegExp;

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  async examine(): Promise<void> {}

  finds({ text }: Entry): boolean {
    return matches(this.#pattern, text);
  }

  rangesOf({ text }: Entry): Ranges | undefined {
    return rangesOf(this.#pattern, text);
  }

  end(): void {}
}

/** Entries in one request, so that lines that come meanwhile wait for no more than that. */
const CHUNK = 1_000;

/** Remembers of each entry what the matcher said of it, for as long as the entry is kept. */
class ExpressionFinder implements Finder {
  readonly #pattern: RegExp;
  readonly #matcher: Matcher;
  readonly #found = new WeakMap<Entry, Ranges>();
  #isOver = false;

  constructor(pattern: RegExp, matcher: Matcher) {
    this.#pattern = pattern;
    this.#matcher = matcher;
  }

  async examine(entries: readonly Entry[]): Promise<void> {
    for (let from = 0; from < entries.length && !this.#isOver; from += CHUNK) {
      const chunk = entries.slice(from, from + CHUNK);
      const found = await this.#matcher.find(
        this.#pattern,
        chunk.map(({ text }) => text),
      );
      for (const [i, ranges] of found.entries()) {
        if (ranges !== undefined) this.#found.set(chunk[i] as Entry, ranges);
      }
    }
  }

  finds(entry: Entry): boolean {
    return this.#found.has(entry);
  }

  rangesOf(entry: Entry): Ranges | undefined {
    return this.#found.get(entry);
  }

  end(): void {
    this.#isOver = true;
  }
}

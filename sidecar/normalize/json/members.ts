import { COMMA, QUOTE, skipSpace, skipString, skipValue, unquote } from './scan.js';

/**
 * The members of a JSON object as places in its text, so that a value which nobody changes travels as it was written:
 * digits beyond 2^53, `1.0`, escapes, repeated keys. Scanned without recursion: nesting costs no stack.
 */
export class Members {
  /** Decoded, in the order of the text; repeated keys as often as they come. */
  readonly keys: string[] = [];
  readonly #text: string;
  /** Three places a member: its key's quote, the first character of its value, and one past its last. */
  readonly #places: number[] = [];

  /** `text` must be valid JSON and an object, without space around it. */
  constructor(text: string) {
    this.#text = text;
    let at = skipSpace(text, 1);
    while (text.charCodeAt(at) === QUOTE) {
      const keyEnd = skipString(text, at);
      const value = skipSpace(text, skipSpace(text, keyEnd) + 1);
      const end = skipValue(text, value);
      this.keys.push(unquote(text.slice(at, keyEnd)));
      this.#places.push(at, value, end);
      at = skipSpace(text, end);
      if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
    }
  }

  /** Key and value as they were written. */
  member(index: number): string {
    return this.#text.slice(this.#places[index * 3], this.#places[index * 3 + 2]);
  }

  /** The value as it was written. */
  value(index: number): string {
    return this.#text.slice(this.#places[index * 3 + 1], this.#places[index * 3 + 2]);
  }
}

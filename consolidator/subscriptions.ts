import { parseStream, wideStreamOf, type Subscription } from '../wire/index.js';

/** What libzmq keeps of one subscription, roughly: some 400 bytes, and 32 for each byte that it shares with no other. */
const FIXED_BYTES = 400;
const BYTES_PER_BYTE = 32;

/**
 * What the relays ask for, by whole streams or all at once, so many at most. Any other prefix is none of it: `tenant/a`
 * would have the records of every tenant with that letter sent.
 */
export class Subscriptions {
  readonly #max: number;
  readonly #prefixes = new Set<string>();
  #refused = 0;
  #ballast = 0;

  constructor(max: number = Number.POSITIVE_INFINITY) {
    this.#max = max;
  }

  /** Streams that were asked for beyond the most. */
  get refused(): number {
    return this.#refused;
  }

  /** What libzmq may hold, at worst, of subscriptions that are none of these, bytes. */
  get ballast(): number {
    return this.#ballast;
  }

  /** libzmq holds nothing any more. */
  dropBallast(): void {
    this.#ballast = 0;
  }

  /** Takes in what the XPUB hands up; false where the senders need not know of it. */
  apply({ subscribe, prefix }: Subscription): boolean {
    if (!subscribe) return this.#prefixes.delete(prefix);
    const isStream = prefix === '' || parseStream(prefix) !== undefined;
    if (isStream && (this.#prefixes.has(prefix) || this.#prefixes.size < this.#max)) {
      this.#prefixes.add(prefix);
      return true;
    }
    if (isStream) this.#refused += 1;
    this.#ballast += FIXED_BYTES + BYTES_PER_BYTE * prefix.length;
    return false;
  }

  /** Whether anybody asks for exactly this. */
  has(prefix: string): boolean {
    return this.#prefixes.has(prefix);
  }

  /** Whether anybody asks for this topic, given by its name. Hot: once a message, so it does not parse. */
  covers(topic: string): boolean {
    const prefixes = this.#prefixes;
    if (prefixes.has(topic) || prefixes.has('')) return true;
    return prefixes.has(wideStreamOf(topic));
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#prefixes.values();
  }
}

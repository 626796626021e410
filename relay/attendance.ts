import { MAX_CURSOR_NODES, type Beginning, type Origin } from '../wire/index.js';

/**
 * From where on a stream has been coming in, by consolidator. It says whether a source that is seen for the first time is
 * new, so that what came before the first message that got through was lost, or was there before anybody here asked.
 */
export class Attendance {
  readonly #since = new Map<string, { readonly offset: number; at: number }>();

  /** Runs of consolidators that are known to send the stream, or to have sent it. */
  get size(): number {
    return this.#since.size;
  }

  /**
   * Something of the stream came, or the word that from here on it will.
   *
   * @param at when that was said, ms by the VM's clock; a message that merely came says no time
   */
  note(node: string, offset: number, at = Number.POSITIVE_INFINITY): void {
    const known = this.#since.get(node);
    if (known !== undefined) {
      known.at = Math.min(known.at, at);
      return;
    }
    if (this.#since.size >= MAX_CURSOR_NODES) this.#since.delete(this.#since.keys().next().value as string);
    this.#since.set(node, { offset, at });
  }

  /** Whether everything of an account that begins there was due here. */
  covers(node: string, [, , offset]: Beginning): boolean {
    const since = this.#since.get(node);
    return since !== undefined && since.offset < offset;
  }

  /**
   * Whether everything was due here of a source that began there and then. Times of one machine are compared: the
   * consolidator's and the source's.
   */
  coversOrigin([, , at, node]: Origin): boolean {
    const since = this.#since.get(node);
    return since !== undefined && since.at <= at;
  }

  /** Accounts were given up: whoever they were of would be taken for new. */
  forget(): void {
    this.#since.clear();
  }
}

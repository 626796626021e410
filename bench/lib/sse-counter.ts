const LF = 0x0a;
const LETTER_I = 0x69;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const COLON = 0x3a;

/** An event longer than this is a fault of the server's: bounds what the counter holds between reads, bytes. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/** Called with each event that is a record: `bytes` from `start` to `end`, valid until the call returns. */
export type TakeEvent = (bytes: Buffer, start: number, end: number) => void;

/**
 * Counts the events of one stream exactly, however it is cut: records (events that begin with `id:` or `data:`) one by
 * one, and the records that `dropped` events say are missing. Anything else (comments, `status`, `retry:`) is passed
 * over.
 *
 * It must be much faster than what it measures. `Buffer.indexOf` with a number is a call into memchr: 39 ns an event of
 * 260 bytes and three line ends, against 83 for `split` on text, 190 for a loop over every other byte and 299 for
 * `indexOf('\n\n')` (Node 20, measured).
 */
export class SseCounter {
  readonly #onRecord: TakeEvent | undefined;
  #held: Buffer | undefined;
  #records = 0;
  #dropped = 0;
  #notices = 0;

  constructor(onRecord?: TakeEvent) {
    this.#onRecord = onRecord;
  }

  /** Records that came. */
  get records(): number {
    return this.#records;
  }

  /** Records that notices said are missing. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Notices that came. */
  get notices(): number {
    return this.#notices;
  }

  push(bytes: Buffer, from: number, to: number): void {
    if (from === to) return;
    let start = from;
    if (this.#held !== undefined) {
      start = this.#endHeld(this.#held, bytes, from, to);
      if (start === -1) return;
    }
    for (let at = start; ;) {
      const end = bytes.indexOf(LF, at) + 1;
      if (end === 0 || end >= to) break;
      if (bytes[end] === LF) {
        this.#event(bytes, start, end + 1);
        start = end + 1;
        at = start;
      } else {
        at = end;
      }
    }
    this.#held = start < to ? Buffer.from(bytes.subarray(start, to)) : undefined;
  }

  /** Joins what is held with what ends it; answers where the next event begins, or -1 where the end has not come. */
  #endHeld(held: Buffer, bytes: Buffer, from: number, to: number): number {
    let end = held.at(-1) === LF && bytes[from] === LF ? from + 1 : -1;
    for (let at = from; end === -1;) {
      const next = bytes.indexOf(LF, at) + 1;
      if (next === 0 || next >= to) break;
      if (bytes[next] === LF) end = next + 1;
      else at = next;
    }
    const event = Buffer.concat([held, bytes.subarray(from, end === -1 ? to : end)]);
    if (end === -1) {
      if (event.length > MAX_EVENT_BYTES) throw new Error(`an event is longer than ${MAX_EVENT_BYTES} bytes`);
      this.#held = event;
      return -1;
    }
    this.#held = undefined;
    this.#event(event, 0, event.length);
    return end;
  }

  #event(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start];
    if (first === LETTER_I || first === LETTER_D) {
      this.#records += 1;
      this.#onRecord?.(bytes, start, end);
    } else if (first === LETTER_E) {
      this.#named(bytes.toString('utf8', start, end));
    } else if (first === COLON) {
      // A comment line may stand before the fields of an event. What is only comments ends in an empty line.
      this.#event(bytes, bytes.indexOf(LF, start) + 1, end);
    }
  }

  #named(text: string): void {
    if (!text.startsWith('event: dropped\n')) return;
    const data = text.slice(text.indexOf('data: ') + 'data: '.length, -2);
    const { count } = JSON.parse(data) as { count: number | null };
    // A source fell silent, and how many of its records are missing nobody knows: none, if it comes back. The law tells.
    this.#dropped += count ?? 0;
    this.#notices += 1;
  }
}

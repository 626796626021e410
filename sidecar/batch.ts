/** Records on their way into a message body, in the order of their capture. */
export interface Batch {
  /** Number of the first record. */
  readonly first: number;
  readonly count: number;
  /** `count` records, each ended by `\n`. */
  readonly body: Buffer;
  /** When the oldest record was captured, ms since the epoch. */
  readonly at: number;
  /** Records with a number below `first` that were dropped as newest; the queue adds those dropped as oldest. */
  readonly lost: number;
}

/**
 * Gathers encoded records into bodies of a bounded size. What one read delivered is one body when it fits: a quiet
 * container pays no delay, and a busy one pays per body and not per line.
 */
export class BatchBuilder {
  readonly #maxBytes: number;
  readonly #emit: (body: Buffer, count: number) => void;
  #text = '';
  #count = 0;

  constructor(maxBytes: number, emit: (body: Buffer, count: number) => void) {
    this.#maxBytes = maxBytes;
    this.#emit = emit;
  }

  /** Adds one record, JSON ended by `\n`. Hot: once a line. */
  add(record: string): void {
    // Characters stand in for bytes here: one pass over the text at the end is cheaper than one a record. Text outside
    // ASCII makes a body up to three times as long, which the receiver's limit (1 MiB) has room for.
    if (this.#count > 0 && this.#text.length + record.length > this.#maxBytes) this.flush();
    this.#text += record;
    this.#count += 1;
  }

  /** Emits what there is; called at the end of each read. */
  flush(): void {
    if (this.#count === 0) return;
    const body = Buffer.from(this.#text, 'utf8');
    const count = this.#count;
    this.#text = '';
    this.#count = 0;
    this.#emit(body, count);
  }
}

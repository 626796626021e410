import type { Stream } from '../wire/index.js';
import { Hub } from './hub.js';
import type { RecordBatch } from './record-batch.js';

/** A hub whose writes are timed: once a flush, however many records and consumers it has. */
export class TimedHub extends Hub {
  readonly #record: (age: number) => void;
  /** When the oldest record that waits for a flush was captured, ms since the epoch. */
  #oldest = Number.POSITIVE_INFINITY;

  constructor(stream: Stream, noticeInterval: number, record: (age: number) => void) {
    super(stream, noticeInterval);
    this.#record = record;
  }

  override append(batch: RecordBatch, from: number): void {
    super.append(batch, from);
    if (batch.at > 0 && batch.at < this.#oldest) this.#oldest = batch.at;
  }

  override flush(): boolean {
    const over = super.flush();
    if (this.#oldest < Number.POSITIVE_INFINITY && this.size > 0) this.#record(Date.now() - this.#oldest);
    this.#oldest = Number.POSITIVE_INFINITY;
    return over;
  }
}

import { skipRecords, takeRecords } from '../wire/message.js';
import type { Batch } from './batch.js';
import { Fifo } from './fifo.js';
import type { SidecarOverflow } from './options.js';

export interface QueueOptions {
  /** Most records held, 1 at least. */
  readonly hwm: number;
  /** Most bytes held; a single record that is longer is held alone. */
  readonly hwmBytes: number;
  readonly overflow: SidecarOverflow;
}

/**
 * The sidecar's own buffer in front of the socket, bounded in records and in bytes, and the place where a record gets
 * its number: before anything can drop it. Every loss in here is counted, and stamped into the ledgers so that the
 * receiver finds it exactly where it happened: those dropped as newest are known to a batch when it is queued, those
 * dropped as oldest to whatever is sent next.
 *
 * With `block` nothing is dropped: `full` tells the owner to stop reading, and what the read in progress still brings
 * goes over the mark by at most that one read.
 */
export class RecordQueue {
  readonly #options: QueueOptions;
  readonly #batches = new Fifo<Batch>();
  #next = 0;
  #records = 0;
  #bytes = 0;
  #lostOldest = 0;
  #lostNewest = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** The number that the next record will get: records numbered so far. */
  get next(): number {
    return this.#next;
  }

  /** Records held. */
  get records(): number {
    return this.#records;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records dropped so far. */
  get lost(): number {
    return this.#lostOldest + this.#lostNewest;
  }

  /** Whether the buffer is at its mark; only `block` acts on it. */
  get full(): boolean {
    return this.#records >= this.#options.hwm || this.#bytes >= this.#options.hwmBytes;
  }

  /** Numbers `count` records and queues them, dropping by policy what does not fit. */
  push(body: Buffer, count: number, at: number): void {
    const first = this.#next;
    this.#next += count;
    const { overflow, hwm, hwmBytes } = this.#options;
    if (overflow === 'drop-newest' && (this.#records + count > hwm || this.#bytes + body.length > hwmBytes)) {
      const kept = this.#head(body, count);
      if (kept.count > 0) this.#add({ first, ...kept, at, lost: this.#lostNewest });
      this.#lostNewest += count - kept.count;
      return;
    }
    this.#add({ first, count, body, at, lost: this.#lostNewest });
    if (overflow === 'drop-oldest') this.#dropOldest();
  }

  /**
   * Takes from the front what goes into one message: the first batch, joined by its successors as long as the numbers
   * follow on each other and the body stays within `maxBytes`. So a queue that has built up empties in full messages.
   */
  take(maxBytes: number): Batch | undefined {
    const head = this.#batches.shift();
    if (head === undefined) return undefined;
    let { count } = head;
    let bytes = head.body.length;
    const bodies = [head.body];
    for (let next = this.#batches.first; next !== undefined; next = this.#batches.first) {
      if (next.first !== head.first + count || bytes + next.body.length > maxBytes) break;
      this.#batches.shift();
      bodies.push(next.body);
      count += next.count;
      bytes += next.body.length;
    }
    this.#records -= count;
    this.#bytes -= bytes;
    const body = bodies.length === 1 ? head.body : Buffer.concat(bodies, bytes);
    return { first: head.first, count, body, at: head.at, lost: head.lost + this.#lostOldest };
  }

  /**
   * Puts back what `take` gave and the socket refused. What was pushed in between stands behind it, with its losses; the
   * marks hold again from the next push on.
   */
  putBack(batch: Batch): void {
    this.#batches.unshift({ ...batch, lost: batch.lost - this.#lostOldest });
    this.#records += batch.count;
    this.#bytes += batch.body.length;
  }

  /** Empties the buffer and answers how many records were in it; they keep their numbers. */
  clear(): number {
    const cleared = this.#records;
    this.#batches.clear();
    this.#records = 0;
    this.#bytes = 0;
    return cleared;
  }

  #add(batch: Batch): void {
    this.#batches.push(batch);
    this.#records += batch.count;
    this.#bytes += batch.body.length;
  }

  /** The first of these records that there is room for; one always, where the buffer is empty. */
  #head(body: Buffer, count: number): { body: Buffer; count: number } {
    const { hwm, hwmBytes } = this.#options;
    const room = Math.min(count, hwm - this.#records);
    let kept = 0;
    let end = 0;
    while (kept < room) {
      const next = end + takeRecords(body.subarray(end), 1).length;
      if (this.#bytes + next > hwmBytes && this.#records + kept > 0) break;
      end = next;
      kept += 1;
    }
    return { body: body.subarray(0, end), count: kept };
  }

  /** Whole batches go as long as the buffer is over its marks without them; then single records. */
  #dropOldest(): void {
    const { hwm, hwmBytes } = this.#options;
    const over = () => this.#records > hwm || this.#bytes > hwmBytes;
    while (over() && this.#batches.length > 1) {
      const head = this.#batches.first as Batch;
      const excess = Math.min(head.count, this.#records - hwm);
      // Over the mark in bytes, a whole batch goes: its records' sizes are not known one by one.
      if (this.#bytes <= hwmBytes && excess < head.count) return this.#trimHead(head, excess);
      this.#batches.shift();
      this.#records -= head.count;
      this.#bytes -= head.body.length;
      this.#lostOldest += head.count;
    }
    if (over()) this.#keepTail(this.#batches.first as Batch);
  }

  /** One batch alone is over a mark: it loses records from its front until it fits, but for the last. */
  #keepTail(head: Batch): void {
    const { hwm, hwmBytes } = this.#options;
    let dropped = Math.max(0, head.count - hwm);
    let body = skipRecords(head.body, dropped);
    while (dropped < head.count - 1 && body.length > hwmBytes) {
      body = skipRecords(body, 1);
      dropped += 1;
    }
    if (dropped > 0) this.#trimHead(head, dropped);
  }

  #trimHead(head: Batch, records: number): void {
    const body = skipRecords(head.body, records);
    this.#batches.shift();
    this.#batches.unshift({ ...head, first: head.first + records, count: head.count - records, body });
    this.#records -= records;
    this.#bytes -= head.body.length - body.length;
    this.#lostOldest += records;
  }
}

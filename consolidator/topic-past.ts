import type { RememberedBatch, RememberedSource } from '../wire/index.js';
import { Fifo } from './fifo.js';
import { Slab } from './slab.js';

/** What an item in memory costs besides its body, bytes: two objects of twelve fields and a view on the body. */
export const BATCH_OVERHEAD_BYTES = 250;

const FORGOTTEN_BYTES = 40;

/** What is known of the forgotten gives way to records where it takes more than this share of a topic's bytes. */
const FORGOTTEN_SHARE = 0.25;

/** The same of a source. */
const END_BYTES = 250;

const NO_RECORDS = Buffer.alloc(0);

/** Runs of forgotten offsets that are known of a topic; beyond it the oldest are not known any more. */
const MAX_FORGOTTEN_RUNS = 512;

/** Sources whose forgotten ends are known of a topic; beyond it the one that was forgotten of longest ago is given up. */
const MAX_ENDS = 64;

/** Records of the topic that were forwarded with these offsets, all of them, and are forgotten. */
interface Run {
  readonly offset: number;
  readonly end: number;
  /** Records that were missing right before them. */
  readonly lost: number;
}

/**
 * What is remembered of one topic, oldest first; and of what is forgotten, which offsets it had, as far back as that is
 * cheap, so that somebody who asks for it can be told how much it was.
 */
export class TopicPast {
  readonly topic: string;
  readonly batches = new Fifo<RememberedBatch>();
  readonly #forgotten = new Fifo<Run>();
  /** What stands for all that is forgotten of a source: a batch without records behind the last of them. */
  readonly #ends = new Map<RememberedSource, RememberedBatch>();
  #endsUnknownBelow = 0;
  readonly #slab = new Slab();
  /** What was forgotten below this offset is not known in number. */
  #unknownBelow = 0;
  #forgottenAt = 0;
  #records = 0;
  /** Without the bodies. */
  #bytes = 0;

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return this.#bytes + this.#slab.bytes;
  }

  /** When the last batch that is forgotten was captured, ms since the epoch; 0 where none is. */
  get forgottenAt(): number {
    return this.#forgottenAt;
  }

  /** The offset behind its last record. */
  get end(): number {
    const last = this.batches.last;
    return last === undefined ? (this.#forgotten.last?.end ?? 0) : last.offset + last.count;
  }

  /** Hot: once a message. Forgets the oldest batches as long as `most` records remain without them. */
  add(batch: RememberedBatch, most: number): void {
    this.batches.push({ ...batch, body: this.#slab.keep(batch.body) });
    this.#records += batch.count;
    this.#bytes += BATCH_OVERHEAD_BYTES;
    for (
      let first = this.batches.first;
      first !== undefined && this.#records - first.count >= most;
      first = this.batches.first
    )
      this.#forgetFirst();
  }

  /** Forgets the oldest until no more than `bytes` are taken. */
  shrink(bytes: number): void {
    while (this.bytes > bytes && this.batches.length > 0) {
      // Records are worth more than to know how many there were.
      if (this.#forgotten.length * FORGOTTEN_BYTES > bytes * FORGOTTEN_SHARE) this.#forgetRun();
      else this.#forgetFirst();
    }
    while (this.bytes > bytes && this.#forgotten.length > 0) this.#forgetRun();
    while (this.bytes > bytes && this.#ends.size > 0) this.#forgetEnd();
  }

  /**
   * Records with an offset from `from` up to `until` that are forgotten, and those that were missing before them; null
   * where nobody knows.
   */
  forgotten(from: number, until: number): number | null {
    if (from < this.#unknownBelow) return null;
    let sum = 0;
    for (let i = this.#forgotten.length - 1; i >= 0; i -= 1) {
      const { offset, end, lost } = this.#forgotten.at(i);
      if (end <= from) break;
      sum += Math.max(0, Math.min(end, until) - Math.max(offset, from));
      if (from < offset && offset <= until) sum += lost;
    }
    return sum;
  }

  /**
   * For each source of which something from `from` up to `until` is forgotten a batch that stands behind that; undefined
   * where not all of them are known.
   */
  ends(from: number, until: number): RememberedBatch[] | undefined {
    if (from < this.#endsUnknownBelow) return undefined;
    return [...this.#ends.values()].filter(({ offset }) => from < offset && offset <= until);
  }

  #keepEnd({ topic, offset, count, at, ledger }: RememberedBatch): void {
    if (ledger === undefined) return;
    const { source, first, ...lost } = ledger;
    if (!this.#ends.delete(source)) this.#bytes += END_BYTES;
    const said = { source, first: first + count, ...lost };
    const end = { topic, offset: offset + count, count: 0, at, body: NO_RECORDS, sidecar: 0, transit: 0 };
    this.#ends.set(source, { ...end, ledger: said });
    if (this.#ends.size > MAX_ENDS) this.#forgetEnd();
  }

  #forgetEnd(): void {
    const [source, { offset }] = this.#ends.entries().next().value as [RememberedSource, RememberedBatch];
    this.#ends.delete(source);
    this.#endsUnknownBelow = Math.max(this.#endsUnknownBelow, offset);
    this.#bytes -= END_BYTES;
  }

  #forgetFirst(): void {
    const batch = this.batches.shift() as RememberedBatch;
    this.#records -= batch.count;
    this.#bytes -= BATCH_OVERHEAD_BYTES;
    this.#slab.drop(batch.body);
    const { offset, count, sidecar, transit } = batch;
    this.#forgottenAt = batch.at;
    this.#keepEnd(batch);
    const run = { offset, end: offset + count, lost: sidecar + transit };
    const last = this.#forgotten.last;
    // While the consolidator carries little else, a topic's offsets follow one another.
    if (run.lost === 0 && last?.end === offset) return this.#forgotten.replaceLast({ ...last, end: run.end });
    this.#forgotten.push(run);
    this.#bytes += FORGOTTEN_BYTES;
    if (this.#forgotten.length > MAX_FORGOTTEN_RUNS) this.#forgetRun();
  }

  #forgetRun(): void {
    this.#unknownBelow = this.#forgotten.shift()?.end ?? this.#unknownBelow;
    this.#bytes -= FORGOTTEN_BYTES;
  }
}

import {
  MAX_PAGE_BATCHES,
  MAX_PAGE_BYTES,
  type PageRequest,
  type PageStart,
  type RememberedBatch,
  type ReplayPage,
} from '../wire/index.js';
import { Heads } from './heads.js';
import type { Accepted } from './intake.js';
import { LEAST_BYTES } from './slab.js';
import { BATCH_OVERHEAD_BYTES, TopicPast } from './topic-past.js';

export interface RecentOptions {
  /** Most bytes in all; 0 remembers nothing. */
  readonly recentBytes: number;
  /** Most records of one topic. */
  readonly recentRecords: number;
}

/** Most topics; beyond it those that have been quiet for longest are forgotten. */
const MAX_TOPICS = 10_000;

/** What room is made at a time: a share of the whole, so that the search for who gives is rare. */
const ROOM = 0.1;

/**
 * The recent past, in memory: of each topic the last batches as they were forwarded.
 *
 * When the whole is over its bytes, those topics give that hold the most, down to a common level: below it nobody loses
 * anything, however much the others say. A container that has exited stays until it is pushed out.
 */
export class Recent {
  readonly #options: RecentOptions;
  /** By topic, and by the wide stream that each of them is of. */
  readonly #topics = new Map<string, TopicPast>();
  readonly #wide = new Map<string, Set<TopicPast>>();
  #bytes = 0;
  /** Topics were forgotten whole: of what is below, nobody knows whether there was any. */
  #unknownBelow = 0;

  constructor(options: RecentOptions) {
    this.#options = options;
  }

  /** Bytes that are taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  get topics(): number {
    return this.#topics.size;
  }

  /** Whether it knows anything of the stream, if only that there was something. */
  holds(stream: string): boolean {
    return this.#topics.has(stream) || this.#wide.has(stream);
  }

  /** Hot: once a message. Heartbeats are worth remembering only if they tell of a loss. */
  add({ name, body, ledger, sidecar, transit, source }: Accepted): void {
    const { offset, count, at, first, lost } = ledger;
    if (count + sidecar + transit === 0) return;
    const { recentBytes, recentRecords } = this.#options;
    const past = this.#topics.get(name) ?? this.#open(name);
    const before = past.bytes;
    const said = { source, first, lost, transit: ledger.transit };
    past.add({ topic: past.topic, offset, count, at, body, sidecar, transit, ledger: said }, recentRecords);
    this.#bytes += past.bytes - before;
    if (this.#bytes > recentBytes) this.#makeRoom();
  }

  /** One page of what is remembered of a stream. `node` and `head` are the consolidator's. */
  page({ id, stream, until, start, ledgers }: PageRequest, node: string, head: number): ReplayPage {
    const pasts = this.#of(stream);
    const from = Math.min(until, this.#startOf(pasts, start, until));
    const ends = ledgers ? this.#ends(pasts, from, until) : [];
    const batches = ends?.map((end) => ({ ...end, offset: from })) ?? [];
    let bytes = 0;
    let next = Math.max(from, until);
    const heads = new Heads(pasts, from);
    for (let batch = heads.next(); batch !== undefined && beginOf(batch) < until; batch = heads.next()) {
      const size = batch.body.length;
      if (batches.length >= MAX_PAGE_BATCHES || (bytes > 0 && bytes + size > MAX_PAGE_BYTES)) {
        next = beginOf(batch);
        break;
      }
      batches.push(batch);
      bytes += size;
    }
    const forgotten = ledgers ? ends && 0 : this.#forgotten(pasts, start, from, next);
    return { kind: 'page', id, node, head, from, next, forgotten, batches, ...(ledgers && { ledgers }) };
  }

  #of(stream: string): Iterable<TopicPast> {
    const one = this.#topics.get(stream);
    return one === undefined ? (this.#wide.get(stream) ?? []) : [one];
  }

  #startOf(pasts: Iterable<TopicPast>, start: PageStart, until: number): number {
    if ('from' in start) return start.from;
    if ('tail' in start) return Heads.startOfLast(pasts, start.tail, until);
    let from = until;
    for (const { batches } of pasts) {
      // Newest first: a topic's times are in order but for a clock that was set back.
      for (let i = batches.length - 1; i >= 0 && batches.at(i).at >= start.since; i -= 1)
        from = Math.min(from, batches.at(i).offset);
    }
    return from;
  }

  /** Records that belong between two offsets of a page; who asks for the last n gets those that there are. */
  #forgotten(pasts: Iterable<TopicPast>, start: PageStart, from: number, until: number): number | null {
    if ('tail' in start) return 0;
    if (from < this.#unknownBelow) return null;
    let sum = 0;
    for (const past of pasts) {
      if ('since' in start && past.forgottenAt >= start.since) return null;
      const count = past.forgotten(from, until);
      if (count === null) return null;
      sum += count;
    }
    return sum;
  }

  /** What stands for all that is forgotten between two offsets; null where not all is known. */
  #ends(pasts: Iterable<TopicPast>, from: number, until: number): RememberedBatch[] | null {
    if (from < this.#unknownBelow) return null;
    const all: RememberedBatch[] = [];
    for (const past of pasts) {
      const ends = past.ends(from, until);
      if (ends === undefined || all.length + ends.length > MAX_PAGE_BATCHES / 2) return null;
      all.push(...ends);
    }
    return all;
  }

  #open(topic: string): TopicPast {
    if (this.#topics.size >= MAX_TOPICS) this.#forgetQuiet();
    const past = new TopicPast(topic);
    this.#topics.set(topic, past);
    const wide = wideOf(topic);
    const others = this.#wide.get(wide);
    if (others === undefined) this.#wide.set(wide, new Set([past]));
    else others.add(past);
    return past;
  }

  #forget(past: TopicPast): void {
    this.#bytes -= past.bytes;
    this.#unknownBelow = Math.max(this.#unknownBelow, past.end);
    this.#topics.delete(past.topic);
    const wide = wideOf(past.topic);
    const others = this.#wide.get(wide);
    others?.delete(past);
    if (others?.size === 0) this.#wide.delete(wide);
  }

  #forgetQuiet(): void {
    const byEnd = [...this.#topics.values()].toSorted((a, b) => a.end - b.end);
    for (const past of byEnd.slice(0, Math.ceil(byEnd.length * ROOM))) this.#forget(past);
  }

  #makeRoom(): void {
    const target = this.#options.recentBytes * (1 - ROOM);
    const level = levelFor(
      Array.from(this.#topics.values(), ({ bytes }) => bytes),
      target,
    );
    for (const past of this.#topics.values()) {
      if (past.bytes <= level) continue;
      const before = past.bytes;
      past.shrink(level);
      this.#bytes += past.bytes - before;
    }
    // So many topics that not even one batch of each has room.
    if (level < BATCH_OVERHEAD_BYTES + LEAST_BYTES) this.#forgetQuiet();
  }
}

/** The offset that a batch begins at; a loss has the one in front of the record, or the message, that told of it. */
function beginOf({ offset, count }: RememberedBatch): number {
  return count === 0 ? offset - 1 : offset;
}

/** The level to which all that is higher must be cut so that the sum is `target`: nobody below it gives anything. */
export function levelFor(sizes: readonly number[], target: number): number {
  const sorted = sizes.toSorted((a, b) => a - b);
  let left = target;
  for (const [i, size] of sorted.entries()) {
    const share = left / (sorted.length - i);
    if (size > share) return Math.floor(share);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** `tenant/acme/` of `tenant/acme/web-1/`, `system/` of `system/scheduler/`. */
function wideOf(topic: string): string {
  return topic.slice(0, topic.lastIndexOf('/', topic.length - 2) + 1);
}

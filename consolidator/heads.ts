import type { RememberedBatch } from '../wire/index.js';
import type { TopicPast } from './topic-past.js';

interface Head {
  readonly past: TopicPast;
  /** Place of the next batch to be taken. */
  place: number;
  /** By which the heads are ordered, least first. */
  key: number;
}

/** The batches of several topics in the order of their offsets: a heap of where each topic is. */
export class Heads {
  readonly #heap: Head[] = [];

  /** @param from batches that end at or before this offset are passed over */
  constructor(pasts: Iterable<TopicPast>, from: number) {
    for (const past of pasts) {
      const place = past.batches.search(({ offset, count }) => offset + count > from);
      if (place < past.batches.length) this.#heap.push({ past, place, key: past.batches.at(place).offset });
    }
    heapify(this.#heap);
  }

  next(): RememberedBatch | undefined {
    const [head] = this.#heap;
    if (head === undefined) return undefined;
    const { batches } = head.past;
    const batch = batches.at(head.place);
    head.place += 1;
    if (head.place < batches.length) head.key = batches.at(head.place).offset;
    else drop(this.#heap);
    sink(this.#heap, 0);
    return batch;
  }

  /** The offset from which on there are `count` records below `until`, or fewer if no more are remembered. */
  static startOfLast(pasts: Iterable<TopicPast>, count: number, until: number): number {
    if (count === 0) return until;
    const heap: Head[] = [];
    for (const past of pasts) {
      const place = past.batches.search(({ offset }) => offset >= until) - 1;
      if (place >= 0) heap.push({ past, place, key: -past.batches.at(place).offset });
    }
    heapify(heap);
    let start = until;
    let left = count;
    for (let head = heap[0]; head !== undefined; head = heap[0]) {
      const { batches } = head.past;
      const { offset, count: records } = batches.at(head.place);
      const end = Math.min(offset + records, until);
      start = Math.max(offset, end - left);
      left -= end - start;
      if (left <= 0) break;
      head.place -= 1;
      if (head.place >= 0) head.key = -batches.at(head.place).offset;
      else drop(heap);
      sink(heap, 0);
    }
    return start;
  }
}

/** Takes the first away; the last stands in its place and has yet to sink. */
function drop(heap: Head[]): void {
  const last = heap.pop() as Head;
  if (heap.length > 0) heap[0] = last;
}

function heapify(heap: Head[]): void {
  for (let i = (heap.length >> 1) - 1; i >= 0; i -= 1) sink(heap, i);
}

function sink(heap: Head[], from: number): void {
  let i = from;
  for (;;) {
    let least = i;
    for (const child of [2 * i + 1, 2 * i + 2]) {
      if (child < heap.length && (heap[child] as Head).key < (heap[least] as Head).key) least = child;
    }
    if (least === i) return;
    [heap[i], heap[least]] = [heap[least] as Head, heap[i] as Head];
    i = least;
  }
}

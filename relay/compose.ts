import type { RecordBatch } from './record-batch.js';
import type { Filter } from './filter.js';
import type { PastItem } from './past.js';
import type { Recalled } from './recall.js';
import type { Cursor, RememberedBatch } from '../wire/index.js';

/** Splits a body that was remembered. */
export type SplitBatch = (batch: RememberedBatch, node: string) => RecordBatch;

/**
 * Puts together what several consolidators had: each in its own order, and the batch with the earliest time of capture
 * first.
 */
export function merge(recalled: readonly Recalled[], split: SplitBatch): PastItem[] {
  const heads = recalled.map(({ batches, from, until, node }) => ({ batches, from, until, node, next: 0 }));
  const items: PastItem[] = [];
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      const at = head.batches[head.next]?.at;
      if (at !== undefined && at < (first?.batches[first.next]?.at ?? Number.POSITIVE_INFINITY)) first = head;
    }
    if (first === undefined) return items;
    const remembered = first.batches[first.next++] as RememberedBatch;
    items.push(itemOf(remembered, first, split(remembered, first.node)));
  }
}

function itemOf(
  { offset, count, sidecar, transit }: RememberedBatch,
  { from, until }: Pick<Recalled, 'from' | 'until'>,
  batch: RecordBatch,
): PastItem {
  // A body that does not hold what was said of it cannot be numbered: none of it can be passed on.
  if (batch.lines.length !== count)
    return { batch: batch.take(0), first: 0, sidecar, transit: transit + count };
  const wanted = Math.max(0, until - offset);
  const isTold = from >= offset;
  return {
    batch: count > wanted ? batch.take(wanted) : batch,
    first: Math.max(0, from - offset),
    sidecar: isTold ? 0 : sidecar,
    transit: isTold ? 0 : transit,
  };
}

/** The position in front of some items, each of a node whose past begins at its `from`. */
export function baseOf(items: readonly PastItem[], ends: Cursor): Map<string, number> {
  const base = new Map(ends);
  const seen = new Set<string>();
  for (const { batch, first, sidecar, transit } of items) {
    if (seen.has(batch.node)) continue;
    seen.add(batch.node);
    base.set(batch.node, batch.offset + first - (first === 0 && sidecar + transit > 0 ? 1 : 0));
  }
  return base;
}

/** The last `count` records that a filter lets through, and what stands between them. */
export function lastOf(items: readonly PastItem[], count: number, filter: Filter): PastItem[] {
  if (count === 0) return [];
  let left = count;
  for (let k = items.length - 1; k >= 0; k -= 1) {
    const { batch, first } = items[k] as PastItem;
    if (!filter.wants(batch)) continue;
    for (let i = batch.lines.length - 1; i >= first; i -= 1) {
      if (filter.matches !== undefined && !filter.matches(batch, i)) continue;
      left -= 1;
      if (left === 0) return [{ batch, first: i, sidecar: 0, transit: 0 }, ...items.slice(k + 1)];
    }
  }
  return [...items];
}

/** Without the records at each batch's start that were made before a time. */
export function since(items: readonly PastItem[], time: number): PastItem[] {
  return items.map((item) => {
    const { batch } = item;
    // The oldest record of a batch has its time; those of most batches need not be looked at.
    if (batch.at >= time) return item;
    let { first } = item;
    while (first < batch.lines.length && timeOf(batch, first, batch.at) < time) first += 1;
    return first === item.first ? item : { ...item, first, sidecar: 0, transit: 0 };
  });
}

/** When a record says that it was made, or else its batch. */
function timeOf(batch: RecordBatch, i: number, otherwise: number): number {
  const time = Date.parse(String(batch.record(i)?.time));
  return Number.isNaN(time) ? otherwise : time;
}

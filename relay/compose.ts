import type { RecordBatch } from './record-batch.js';
import type { Filter } from './filter.js';
import type { PastItem } from './past.js';
import { costOf, type Recalled } from './recall.js';
import type { Slices } from './slices.js';
import type { Cursor, RememberedBatch } from '../wire/index.js';

/** Splits a body that was remembered. */
export type SplitBatch = (batch: RememberedBatch, node: string) => RecordBatch;

export interface MergeOptions {
  readonly split: SplitBatch;
  readonly slices: Slices;
  /** What each record counts for besides its line, bytes. */
  readonly overhead: number;
}

/**
 * Puts together what several consolidators had: each in its own order, and the batch with the earliest time of capture
 * first. Empties `recalled`, so that a body goes when it has been split.
 */
export async function merge(
  recalled: Recalled[],
  { split, slices, overhead }: MergeOptions,
): Promise<PastItem[]> {
  const heads = recalled.splice(0).map(({ batches, from, until, node }) => {
    return { batches: batches.toReversed(), from, until, node };
  });
  const items: PastItem[] = [];
  for (;;) {
    if (slices.isOver) await slices.next();
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      const at = head.batches.at(-1)?.at;
      if (at !== undefined && at < (first?.batches.at(-1)?.at ?? Number.POSITIVE_INFINITY)) first = head;
    }
    const remembered = first?.batches.pop();
    if (first === undefined || remembered === undefined) return items;
    const bytes = costOf(remembered, overhead);
    items.push({ ...itemOf(remembered, first, split(remembered, first.node)), bytes });
  }
}

function itemOf(
  { offset, count, sidecar, transit }: RememberedBatch,
  { from, until }: Pick<Recalled, 'from' | 'until'>,
  batch: RecordBatch,
): Omit<PastItem, 'bytes'> {
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
export async function lastOf(
  items: readonly PastItem[],
  count: number,
  filter: Filter,
  slices: Slices,
): Promise<PastItem[]> {
  if (count === 0) return [];
  let left = count;
  for (let k = items.length - 1; k >= 0; k -= 1) {
    if (slices.isOver) await slices.next();
    const item = items[k] as PastItem;
    const { batch, first } = item;
    if (!filter.wants(batch)) continue;
    const { unparsed } = batch;
    for (let i = batch.lines.length - 1; i >= first; i -= 1) {
      if (filter.matches !== undefined && !filter.matches(unparsed, i)) continue;
      left -= 1;
      if (left === 0) return [{ ...item, first: i, sidecar: 0, transit: 0 }, ...items.slice(k + 1)];
    }
  }
  return [...items];
}

/** Without the records at each batch's start that were made before a time. */
export async function since(items: readonly PastItem[], time: number, slices: Slices): Promise<PastItem[]> {
  const rest: PastItem[] = [];
  for (const item of items) {
    if (slices.isOver) await slices.next();
    const { batch } = item;
    let { first } = item;
    // The oldest record of a batch has its time; those of most batches need not be looked at.
    if (batch.at < time) {
      const { unparsed } = batch;
      while (first < batch.lines.length && timeOf(unparsed, first) < time) first += 1;
    }
    rest.push(first === item.first ? item : { ...item, first, sidecar: 0, transit: 0 });
  }
  return rest;
}

/** When a record says that it was made, or else its batch. */
function timeOf(batch: RecordBatch, i: number): number {
  const time = Date.parse(String(batch.record(i)?.time));
  return Number.isNaN(time) ? batch.at : time;
}

import { MAX_PAGE_BYTES, type RememberedBatch } from '../wire/index.js';
import type { Archive, PageAsked } from './archive.js';
import { RelayError } from './errors.js';
import type { Share } from './past-room.js';

/** What one consolidator had. */
export interface Recalled {
  readonly node: string;
  /** Everything that was asked for lies from here on. */
  readonly from: number;
  readonly until: number;
  readonly batches: readonly RememberedBatch[];
  /** Records that it does not remember any more; null where it does not know how many. */
  readonly forgotten: number | null;
  /** Records that were left out for want of room. */
  readonly cut: number;
}

export interface Wanted {
  readonly node: string;
  readonly stream: string;
  readonly until: number;
  readonly start: PageAsked['start'];
  readonly ledgers?: true;
}

/** What there is for a past. */
export interface Allowance {
  /** What may come of it from one consolidator. */
  readonly maxBytes: number;
  /** What each record counts for besides its line, bytes. */
  readonly overhead: number;
  readonly room: Pick<Share, 'take' | 'give'>;
}

/** Nothing is counted here. */
export const UNCOUNTED: Allowance = {
  maxBytes: Number.POSITIVE_INFINITY,
  overhead: 0,
  room: { take: async () => true, give: () => {} },
};

/** What batches take of an {@link Allowance}. */
export function costOf({ body, count }: Pick<RememberedBatch, 'body' | 'count'>, overhead: number): number {
  return body.length + count * overhead;
}

/**
 * Asks one consolidator page by page for a stretch of a stream. When more comes than there is room for, the oldest is
 * let go: what stands next to the live stream is worth most. What comes back has its {@link costOf} of the room.
 *
 * @throws where it does not answer, or nobody wants it any more
 */
export async function recall(
  archive: Pick<Archive, 'page'>,
  wanted: Wanted,
  { maxBytes, overhead, room }: Allowance,
): Promise<Recalled> {
  const { node, stream, until, ledgers } = wanted;
  const pageBytes = Math.min(MAX_PAGE_BYTES, maxBytes);
  const batches: RememberedBatch[] = [];
  let { start } = wanted;
  let from: number | undefined;
  let forgotten: number | null = 0;
  let bytes = 0;
  let cut = 0;
  for (;;) {
    if (!(await room.take(pageBytes))) throw new RelayError('replay', 'Nobody waits for it any more.');
    let page;
    try {
      page = await archive.page(node, { stream, until, start, ...(ledgers && { ledgers }) });
    } catch (error) {
      room.give(pageBytes + bytes);
      throw error;
    }
    from ??= page.from;
    forgotten = forgotten === null || page.forgotten === null ? null : forgotten + page.forgotten;
    const before = bytes;
    for (const batch of page.batches) {
      batches.push(batch);
      bytes += costOf(batch, overhead);
    }
    let drop = 0;
    for (; bytes > maxBytes && drop < batches.length - 1; drop += 1) {
      const batch = batches[drop] as RememberedBatch;
      const { count, offset, sidecar, transit } = batch;
      bytes -= costOf(batch, overhead);
      cut += count + sidecar + transit - Math.max(0, from - offset);
      from = Math.max(from, offset + count);
    }
    batches.splice(0, drop);
    room.give(pageBytes - (bytes - before));
    if (page.next >= until || page.next <= ('from' in start ? start.from : -1)) break;
    start = { from: page.next };
  }
  return { node, from, until, batches, forgotten, cut };
}

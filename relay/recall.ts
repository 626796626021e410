import type { RememberedBatch } from '../wire/index.js';
import type { Archive, PageAsked } from './archive.js';

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

/**
 * Asks one consolidator page by page for a stretch of a stream. When more comes than there is room for, the oldest is
 * let go: what stands next to the live stream is worth most.
 *
 * @param maxBytes of bodies
 * @throws where it does not answer
 */
export async function recall(
  archive: Pick<Archive, 'page'>,
  wanted: Wanted,
  maxBytes: number,
): Promise<Recalled> {
  const { node, stream, until, ledgers } = wanted;
  const batches: RememberedBatch[] = [];
  let { start } = wanted;
  let from: number | undefined;
  let forgotten: number | null = 0;
  let bytes = 0;
  let cut = 0;
  for (;;) {
    const page = await archive.page(node, { stream, until, start, ...(ledgers && { ledgers }) });
    from ??= page.from;
    forgotten = forgotten === null || page.forgotten === null ? null : forgotten + page.forgotten;
    for (const batch of page.batches) {
      batches.push(batch);
      bytes += batch.body.length;
    }
    let drop = 0;
    for (; bytes > maxBytes && drop < batches.length - 1; drop += 1) {
      const { body, count, offset, sidecar, transit } = batches[drop] as RememberedBatch;
      bytes -= body.length;
      cut += count + sidecar + transit - Math.max(0, from - offset);
      from = Math.max(from, offset + count);
    }
    batches.splice(0, drop);
    if (page.next >= until || page.next <= ('from' in start ? start.from : -1)) break;
    start = { from: page.next };
  }
  return { node, from, until, batches, forgotten, cut };
}

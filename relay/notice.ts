import { CONSUMER_OVERFLOW, LOSS_KINDS, SILENT_SOURCES, type Losses } from '../accounting/index.js';

/** What a reader is told about records that are missing: the data of a `dropped` event. */
export interface DropNotice {
  /** Records missing here; null where it cannot be known. */
  readonly count: number | null;
  readonly reason: string;
  readonly hop: string;
  /** When the first and the last of them were missed, ISO 8601. */
  readonly since: string;
  readonly until: string;
  /** All that this stream has missed so far for this reason at this hop, as far as it is known. */
  readonly total: number | null;
  /** With an unknown count: so many sources fell silent without saying that they end. */
  readonly sources?: number;
  /** Set where the losses happened before the consumer's filter: the count is of the stream. */
  readonly of?: 'stream';
}

/** One notice a kind of loss, for all kinds that `losses` has some of. */
export function noticesOf(
  losses: Losses,
  totals: Losses,
  span: { since: number; until: number },
): DropNotice[] {
  const since = new Date(span.since).toISOString();
  const until = new Date(span.until).toISOString();
  const notices: DropNotice[] = [];
  for (const [i, { hop, reason }] of LOSS_KINDS.entries()) {
    const count = losses[i] as number;
    if (count === 0) continue;
    const total = totals[i] as number;
    notices.push({ count, reason, hop, since, until, total, ...(i < CONSUMER_OVERFLOW && { of: 'stream' }) });
  }
  const sources = losses[SILENT_SOURCES];
  if (sources > 0) {
    notices.push({
      count: null,
      reason: 'transit',
      hop: 'sidecar',
      since,
      until,
      total: null,
      sources,
      of: 'stream',
    });
  }
  return notices;
}

/** What passed while a reader was away and cannot be asked for: the count is unknown. `now` in ms since the epoch. */
export function absenceNotice(now: number): DropNotice {
  const time = new Date(now).toISOString();
  return {
    count: null,
    reason: 'transit',
    hop: 'relay',
    since: time,
    until: time,
    total: null,
    of: 'stream',
  };
}

/** What a reader asked for and nobody has any more: `consolidator` has forgotten it, `relay` had no room for it. */
export function forgottenNotice(
  count: number | null,
  hop: 'consolidator' | 'relay',
  now: number,
): DropNotice {
  const time = new Date(now).toISOString();
  return { count, reason: 'forgotten', hop, since: time, until: time, total: count, of: 'stream' };
}

/** The sentence for people: the `msg` of the record that stands for a notice in text and NDJSON. */
export function describeNotice({ count, reason, hop, of, sources }: DropNotice): string {
  if (sources !== undefined) {
    const who = sources === 1 ? 'a source' : `${sources} sources`;
    return `${who} fell silent without saying that it was the end: the last records may be missing, nobody knows how many`;
  }
  if (reason === 'forgotten') {
    const what = count === null ? 'an unknown number of records' : countOf(count);
    const why =
      hop === 'relay' ? 'the past that was asked for is larger than may be' : 'they are no longer remembered';
    return `${what} left out: ${why} (counted before the filter)`;
  }
  if (count === null) return 'what passed while this reader was away is missing, nobody knows how much';
  const records = countOf(count);
  const where = {
    sidecar: 'in the sidecar',
    consolidator: 'on the way to the consolidator',
    relay: 'in the relay',
  }[hop];
  const why =
    {
      'sidecar-overflow': 'its queue was full',
      transit: hop === 'relay' ? 'lost on the way to it' : 'lost on the link',
      'consumer-overflow': 'this reader was too slow for its buffer',
      shutdown: 'it was shutting down',
    }[reason] ?? reason;
  return `${records} dropped ${where ?? `at ${hop}`}: ${why}${of ? ' (counted before the filter)' : ''}`;
}

function countOf(count: number): string {
  return `${count} record${count === 1 ? '' : 's'}`;
}

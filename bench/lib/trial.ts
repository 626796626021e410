import type { Load } from '../workers/generator.js';
import type { ReaderCount } from './account.js';
import type { Audience } from './audience.js';
import { checkServerAccount } from './server-account.js';
import type { RunningTarget } from './target.js';
import { Watch, type Use } from './usage.js';

/** What one load over one audience gave. */
export interface Trial {
  /** Records received, by all consumers together. */
  readonly events: number;
  /** Records that consumers were told are missing. */
  readonly dropped: number;
  /** Records that are missing at the end with nobody told, since the target's start; 0 where the law is checked. */
  readonly untold: number;
  /** From the first publish to the last arrival, s. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  /** From the first publish to the last, s: longer than was asked for where the target held the generator up. */
  readonly publishSeconds: number;
  /** From the last publish to the last arrival, ms: what had piled up. */
  readonly backlogMs: number;
  /** Records published since the target's start. */
  readonly published: number;
  readonly use: Readonly<Record<string, Use>>;
}

/**
 * Publishes one load and waits until every consumer has each record or a notice of it.
 *
 * @param lawful false for somebody else's server: what it loses in silence is a figure then, and not the end of the run
 */
export async function runTrial(
  target: RunningTarget,
  audience: Audience,
  load: Load,
  lawful = true,
): Promise<Trial> {
  const watch = new Watch<string>({ ...target.processes, readers: audience.pid }).start();
  const before = await audience.totals();
  const published = await target.publish(load);
  const arrival = await audience.arrival(published.total);
  const use = watch.stop();
  const after = await audience.totals();
  if (lawful) await audience.check(`a load of ${load.rate} records/s`, published.total);
  const seconds = (arrival.lastAt - published.began) / 1e6;
  const events = after.records - before.records;
  return {
    events,
    dropped: after.dropped - before.dropped,
    untold: await audience.untold(published.total),
    seconds,
    eventsPerSecond: events / seconds,
    bytesPerSecond: (after.bytes - before.bytes) / seconds,
    publishSeconds: (published.ended - published.began) / 1e6,
    backlogMs: Math.max(0, arrival.lastAt - published.ended) / 1e3,
    published: published.total,
    use,
  };
}

/**
 * The end of a run: the readers' counts add up, and agree with the server's own.
 *
 * @throws {BenchError} `law`
 */
export async function checkRun(
  target: RunningTarget,
  audience: Audience,
  published: number,
): Promise<readonly ReaderCount[]> {
  const counts = await audience.check('the run', published);
  const rows = await target.account?.();
  if (rows !== undefined) checkServerAccount(rows, counts);
  return counts;
}

/** More than this at the end of a load, and it was not sustained but stored, ms. */
const BACKLOG_MS = 500;

/** Nothing was lost and nothing piled up. */
export function isSustained({ dropped, untold, backlogMs }: Trial): boolean {
  return dropped === 0 && untold === 0 && backlogMs <= BACKLOG_MS;
}

/** A load that took longer to publish than this, by what was asked for, was held up. */
const HELD_UP = 1.1;

/** The target took the load at the rate that was offered: some hold up whoever publishes instead of losing. */
export function isInTime({ publishSeconds }: Trial, seconds: number): boolean {
  return publishSeconds <= seconds * HELD_UP;
}

import { sumLosses, type Losses } from './losses.js';

/** One consumer's account at an instant: `matched = delivered + dropped + queued`, exact to the record. */
export interface ConsumerBalance {
  /** Records that passed the consumer's filter since it came. */
  readonly matched: number;
  /** Records handed to its connection. */
  readonly delivered: number;
  /** Records that its own buffer dropped. */
  readonly dropped: number;
  /** Records in its buffer now. */
  readonly queued: number;
}

/** Records that the account does not explain; 0 when the law holds. */
export function unaccounted(balance: ConsumerBalance): number {
  return balance.matched - balance.delivered - balance.dropped - balance.queued;
}

/** A whole run as one unfiltered consumer saw it: `captured = unread + delivered + Σ dropped`. */
export interface RunBalance {
  readonly captured: number;
  /** Lines captured while nothing subscribed. */
  readonly unread: number;
  readonly delivered: number;
  /** By hop and reason. */
  readonly dropped: Losses;
}

/** Records that the run does not explain; 0 when the law holds. */
export function unaccountedInRun(run: RunBalance): number {
  return run.captured - run.unread - run.delivered - sumLosses(run.dropped);
}

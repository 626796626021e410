import {
  addLosses,
  CONSUMER_OVERFLOW,
  lossOf,
  NO_LOSSES,
  RELAY_SHUTDOWN,
  type ConsumerBalance,
  type Losses,
} from '../accounting/index.js';

/** A consumer's account as it keeps it. */
export interface Accounted {
  readonly balance: ConsumerBalance;
  /** By hop and reason; drops of a gap that is still open may be missing from it. */
  readonly losses: Losses;
}

/** Over all consumers of a run: `matched = delivered + Σ dropped + queued + abandoned`. */
export interface ConsumerTotals {
  readonly matched: number;
  readonly delivered: number;
  /** Their own drops: consumer-overflow and shutdown. */
  readonly dropped: Losses;
  /** Waiting now. */
  readonly queued: number;
  /** Waited for a consumer when it went away. */
  readonly abandoned: number;
}

const NOTHING: ConsumerTotals = { matched: 0, delivered: 0, dropped: NO_LOSSES, queued: 0, abandoned: 0 };

/** Adds up consumers, those that have left included, so that what a relay did in all is known without a count per write. */
export class ConsumerTally {
  #left = NOTHING;

  /** Keeps the account of a consumer that goes away. */
  leave(consumer: Accounted): void {
    const { queued, abandoned, ...rest } = add(this.#left, consumer);
    this.#left = { ...rest, queued: 0, abandoned: abandoned + queued };
  }

  /** Those that have left and the present ones. */
  totals(present: Iterable<Accounted>): ConsumerTotals {
    let totals = this.#left;
    for (const consumer of present) totals = add(totals, consumer);
    return totals;
  }
}

/** Losses by hop and reason that agree with the balance, an open gap included. */
export function settledLosses({ balance, losses }: Accounted): Losses {
  const pending = balance.dropped - losses[CONSUMER_OVERFLOW] - losses[RELAY_SHUTDOWN];
  return pending === 0 ? losses : addLosses(losses, lossOf(CONSUMER_OVERFLOW, pending));
}

function add(totals: ConsumerTotals, consumer: Accounted): ConsumerTotals {
  const { matched, delivered, queued } = consumer.balance;
  const losses = settledLosses(consumer);
  const overflow = lossOf(CONSUMER_OVERFLOW, losses[CONSUMER_OVERFLOW]);
  const own = addLosses(overflow, lossOf(RELAY_SHUTDOWN, losses[RELAY_SHUTDOWN]));
  return {
    matched: totals.matched + matched,
    delivered: totals.delivered + delivered,
    dropped: addLosses(totals.dropped, own),
    queued: totals.queued + queued,
    abandoned: totals.abandoned,
  };
}

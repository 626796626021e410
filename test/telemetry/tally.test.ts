import fc from 'fast-check';
import t from 'tap';
import {
  addLosses,
  CONSUMER_OVERFLOW,
  lossOf,
  RELAY_SHUTDOWN,
  SIDECAR_OVERFLOW,
  sumLosses,
  type Losses,
} from '../../accounting/index.js';
import { ConsumerTally, settledLosses, type Accounted, type ConsumerTotals } from '../../telemetry/index.js';

const few = fc.nat(1_000);

function lossesOf({ upstream = 0, overflow = 0, shutdown = 0 }): Losses {
  const own = addLosses(lossOf(CONSUMER_OVERFLOW, overflow), lossOf(RELAY_SHUTDOWN, shutdown));
  return addLosses(own, lossOf(SIDECAR_OVERFLOW, upstream));
}

/** A consumer whose account adds up: `open` of its drops are of a gap that is not told yet. */
const consumer: fc.Arbitrary<Accounted> = fc
  .record({ delivered: few, queued: few, overflow: few, open: few, shutdown: few, upstream: few })
  .map(({ delivered, queued, overflow, open, shutdown, upstream }) => {
    const dropped = overflow + open + shutdown;
    return {
      balance: { matched: delivered + dropped + queued, delivered, dropped, queued },
      losses: lossesOf({ upstream, overflow, shutdown }),
    };
  });

function unexplained({ matched, delivered, dropped, queued, abandoned }: ConsumerTotals): number {
  return matched - delivered - sumLosses(dropped) - queued - abandoned;
}

function sum(all: readonly Accounted[], of: (one: Accounted) => number): number {
  return all.reduce((before, one) => before + of(one), 0);
}

void t.test('totals add up, whoever has left', async (t) => {
  fc.assert(
    fc.property(fc.array(consumer), fc.array(consumer), (gone, present) => {
      const tally = new ConsumerTally();
      for (const one of gone) tally.leave(one);
      const totals = tally.totals(present);
      return (
        unexplained(totals) === 0 &&
        totals.matched === sum([...gone, ...present], ({ balance }) => balance.matched) &&
        sumLosses(totals.dropped) === sum([...gone, ...present], ({ balance }) => balance.dropped) &&
        totals.queued === sum(present, ({ balance }) => balance.queued) &&
        totals.abandoned === sum(gone, ({ balance }) => balance.queued)
      );
    }),
  );
  t.pass();
});

void t.test('a departure takes nothing from the totals', async (t) => {
  fc.assert(
    fc.property(consumer, consumer, (one, other) => {
      const tally = new ConsumerTally();
      const before = tally.totals([one, other]);
      tally.leave(one);
      const after = tally.totals([other]);
      return after.matched === before.matched && sumLosses(after.dropped) === sumLosses(before.dropped);
    }),
  );
  t.pass();
});

void t.test('the drops of an open gap are overflow', async (t) => {
  const balance = { matched: 100, delivered: 40, dropped: 50, queued: 10 };
  const losses = lossesOf({ upstream: 7, overflow: 20, shutdown: 5 });
  t.strictSame(settledLosses({ balance, losses }), lossesOf({ upstream: 7, overflow: 45, shutdown: 5 }));
  t.strictSame(
    new ConsumerTally().totals([{ balance, losses }]).dropped,
    lossesOf({ overflow: 45, shutdown: 5 }),
  );
});

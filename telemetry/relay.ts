import { LOSS_KINDS, type Losses } from '../accounting/index.js';
import { readIntake, type ObservedIntakeStats } from './intake.js';
import { WRITE_LATENCY } from './instruments.js';
import { currentMeter, observe } from './registry.js';
import type { ConsumerTotals } from './tally.js';

/** A relay as telemetry sees it. */
export interface ObservedRelay {
  readonly intake: {
    readonly stats: ObservedIntakeStats & {
      readonly wrapped: number;
      /** Before and on the way to this relay. */
      readonly lost: Losses;
    };
    readonly sources: number;
  };
  /** Over all consumers of the run, those that have left included. */
  readonly totals: ConsumerTotals;
  /** Bytes that all consumers' buffers hold. */
  readonly buffered: number;
  /** Streams subscribed to now. */
  readonly hubs: number;
  /** Consolidators connected now. */
  readonly connected: number;
  /** Present consumers. */
  consumers(): Iterable<{
    /** Milliseconds. */
    readonly consumer: { readonly lag: number };
    readonly request: { readonly format: string };
  }>;
}

const HOP = { hop: 'relay' } as const;

/**
 * Shows a relay's numbers until stopped. A collection costs one pass over its consumers.
 *
 * @param formats the words that count consumers; each is reported, also where there are none
 * @param bytesOut bytes written to HTTP clients so far
 * @param refusals requests that were turned away, by reason; each is reported, also where there are none
 * @param maxConsumers the most consumers that it takes
 */
export function observeRelay(
  relay: ObservedRelay,
  formats: readonly string[],
  bytesOut: () => number,
  refusals: Iterable<readonly [string, number]> = [],
  maxConsumers?: number,
): () => void {
  return observe((readings) => {
    const { stats, sources } = relay.intake;
    readIntake(readings, stats, 'relay');
    readings.add('wrapped', stats.wrapped, HOP);
    readings.add('sources', sources, HOP);
    readings.add('consolidators', relay.connected);
    readings.add('hubs', relay.hubs);
    if (maxConsumers !== undefined) readings.add('consumersLimit', maxConsumers);

    const { matched, delivered, dropped, queued, abandoned } = relay.totals;
    readings.add('matched', matched, HOP);
    readings.add('recordsOut', delivered, HOP);
    readings.add('queueRecords', queued, HOP);
    readings.add('queueBytes', relay.buffered, HOP);
    readings.add('abandoned', abandoned, HOP);
    readings.add('bytesOut', bytesOut(), HOP);
    LOSS_KINDS.forEach(({ hop, reason }, kind) => {
      const lost = (stats.lost[kind] as number) + (dropped[kind] as number);
      if (hop === 'relay') readings.add('dropped', lost, { hop, reason });
      else readings.add('droppedUpstream', lost, { hop, reason, by: 'relay' });
    });

    for (const [reason, count] of refusals) readings.add('requestsRefused', count, { hop: 'relay', reason });

    let lag = 0;
    for (const format of formats) readings.add('consumers', 0, { format });
    for (const { consumer, request } of relay.consumers()) {
      readings.add('consumers', 1, { format: request.format });
      lag = Math.max(lag, consumer.lag);
    }
    readings.add('lag', lag / 1000);
  });
}

/** Records one write: the age, in ms, of the oldest record in it. */
export function createWriteLatency(): (age: number) => void {
  const { name, unit, description, boundaries } = WRITE_LATENCY;
  const histogram = currentMeter().createHistogram(name, {
    unit,
    description,
    advice: { explicitBucketBoundaries: [...boundaries] },
  });
  return (age) => histogram.record(Math.max(0, age) / 1000);
}

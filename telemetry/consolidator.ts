import { readIntake, type ObservedIntakeStats } from './intake.js';
import { observe } from './registry.js';

/** A consolidator as telemetry sees it. */
export interface ObservedConsolidator {
  readonly stats: ObservedIntakeStats & {
    /** Records that never came here from the sidecars. */
    readonly lostInTransit: number;
    /** Records that the sidecars themselves lost. */
    readonly lostUpstream: number;
  };
  /** Followed now. */
  readonly sources: number;
}

const HOP = { hop: 'consolidator' } as const;

/**
 * Shows a consolidator's numbers until stopped. It hands on all that it takes in, so it has no number of records out;
 * what ZeroMQ drops behind it is found, and counted, by the relay that misses it.
 */
export function observeConsolidator(consolidator: ObservedConsolidator): () => void {
  return observe((readings) => {
    const { stats, sources } = consolidator;
    readIntake(readings, stats, 'consolidator');
    readings.add('dropped', stats.lostInTransit, { ...HOP, reason: 'transit' });
    const upstream = { hop: 'sidecar', reason: 'sidecar-overflow', by: 'consolidator' };
    readings.add('droppedUpstream', stats.lostUpstream, upstream);
    readings.add('sources', sources, HOP);
  });
}

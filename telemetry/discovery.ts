import { observe } from './registry.js';

/** A relay's discovery as telemetry sees it. */
export interface ObservedDiscovery {
  readonly stats: {
    readonly entries: number;
    readonly changes: number;
    readonly problems: number;
    /** Milliseconds. */
    readonly age: number;
  };
}

/** Shows what discovery knows, and how sure of it one may be, until stopped. */
export function observeDiscovery(discovery: ObservedDiscovery): () => void {
  return observe((readings) => {
    const { entries, changes, problems, age } = discovery.stats;
    readings.add('discoveryEntries', entries);
    readings.add('discoveryChanges', changes);
    readings.add('discoveryProblems', problems);
    readings.add('discoveryAge', age / 1000);
  });
}

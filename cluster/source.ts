import type { ConsolidatorEntry } from './entry.js';
import type { ClusterError } from './errors.js';

/** What a source of entries tells whoever watches it. */
export interface Sink {
  /**
   * All that it knows now; of several at one endpoint, the one first that is there most likely. A source that cannot be
   * asked is no empty set: it says nothing and keeps what it said.
   */
  set(entries: readonly ConsolidatorEntry[]): void;
  /** It answered, and what was set last holds. */
  confirm(): void;
  /** Something is wrong: with the source, or with an entry of it, which is then not in the set. */
  problem(error: ClusterError): void;
}

/** One place that knows of consolidators: a file, a name, a directory. It watches from its start to its close. */
export interface Source {
  /** Idempotent. */
  close(): Promise<void>;
}

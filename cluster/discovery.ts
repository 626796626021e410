import type { ConsolidatorEntry } from './entry.js';
import { ClusterError } from './errors.js';
import { Names, type Lookup } from './names.js';
import { openSource, type SourceSettings } from './open.js';
import { Repeats } from './repeats.js';
import type { Sink, Source } from './source.js';

/** Most consolidators that are followed at a time; those beyond are left out and reported. */
export const MAX_ENTRIES = 10_000;

export interface DiscoveryHandlers {
  /**
   * All consolidators that are known now; where several have one endpoint, the first is the one to try. Called when
   * anything about them changed.
   */
  readonly onChange: (entries: readonly ConsolidatorEntry[]) => void;
  /** Something is wrong with a source or an entry. What lasts is told once, and again every five minutes. */
  readonly onProblem: (problem: DiscoveryProblem) => void;
  /** A source that had been told of as out of order answers again. */
  readonly onRecovered?: (source: string) => void;
}

export interface DiscoveryProblem {
  /** The address of the source, as it was given; `names` where the system cannot look one up. */
  readonly source: string;
  readonly error: ClusterError;
}

export interface DiscoveryStats {
  /** Consolidators known now, those included that left within the grace period. */
  readonly entries: number;
  /** How often the set has changed. */
  readonly changes: number;
  /** All problems, told or not. */
  readonly problems: number;
  /** How old the oldest source's last answer is, ms. */
  readonly age: number;
}

/** A watch over all sources. */
export interface Discovery {
  readonly stats: DiscoveryStats;
  /** Idempotent. */
  close(): Promise<void>;
}

/** {@link watchConsolidators} or, in tests, a twin in memory. */
export type WatchConsolidators = (sources: readonly string[], handlers: DiscoveryHandlers) => Discovery;

/**
 * Follows which consolidators there are, as these sources tell it together.
 *
 * @param sources addresses: `static:<entry>,…` · `file:<path>` · `dns:<name>:<port>` · `dns+srv:<name>` ·
 *   `etcd://<host:port>,…/<prefix>` (`etcds://` for TLS)
 * @throws {ClusterError} where an address cannot be read; everything that goes wrong later is a problem to report
 */
export function watchConsolidators(
  sources: string | readonly string[],
  handlers: DiscoveryHandlers,
  settings: SourceSettings = {},
): Discovery {
  const merge = new Merge(handlers, settings.lookup);
  try {
    for (const url of [sources].flat()) merge.add(url, (sink) => openSource(url, sink, settings));
  } catch (error) {
    void merge.close();
    throw error;
  }
  return merge;
}

interface Member {
  entries: readonly ConsolidatorEntry[];
  /** Of the last answer, ms, monotonic. Infinity where there is nothing to ask again. */
  answeredAt: number;
  broken: boolean;
}

class Merge implements Discovery {
  readonly #handlers: DiscoveryHandlers;
  readonly #members = new Map<string, Member>();
  readonly #sources: Source[] = [];
  readonly #repeats = new Repeats();
  readonly #names: Names;
  #entries: readonly ConsolidatorEntry[] = [];
  #told = '[]';
  #changes = 0;
  #problems = 0;
  #closing: Promise<void> | undefined;

  constructor(handlers: DiscoveryHandlers, lookup?: Lookup) {
    this.#handlers = handlers;
    const onProblem = (error: ClusterError) => this.#problem('names', undefined, error);
    this.#names = new Names({ onChange: () => this.#settle(), onProblem }, lookup);
  }

  add(url: string, open: (sink: Sink) => Source): void {
    if (this.#members.has(url)) return;
    const member: Member = { entries: [], answeredAt: performance.now(), broken: false };
    this.#members.set(url, member);
    const confirm = () => this.#confirm(url, member);
    this.#sources.push(
      open({
        set: (entries) => {
          if (this.#closing) return;
          member.entries = entries;
          this.#settle();
        },
        confirm,
        problem: (error) => this.#problem(url, member, error),
      }),
    );
    if (url.startsWith('static:')) member.answeredAt = Number.POSITIVE_INFINITY;
  }

  get stats(): DiscoveryStats {
    const oldest = Math.min(...[...this.#members.values()].map(({ answeredAt }) => answeredAt));
    return {
      entries: this.#entries.length,
      changes: this.#changes,
      problems: this.#problems,
      age: Math.max(0, Number.isFinite(oldest) ? performance.now() - oldest : 0),
    };
  }

  close(): Promise<void> {
    this.#names.close();
    this.#closing ??= Promise.all(this.#sources.map((source) => source.close())).then(() => {});
    return this.#closing;
  }

  #confirm(url: string, member: Member): void {
    if (this.#closing) return;
    member.answeredAt = performance.now();
    if (!member.broken) return;
    member.broken = false;
    this.#repeats.forget(`${url} `);
    this.#handlers.onRecovered?.(url);
  }

  #problem(url: string, member: Member | undefined, error: ClusterError): void {
    if (this.#closing) return;
    this.#problems += 1;
    if (member !== undefined && error.code !== 'entry') member.broken = true;
    if (this.#repeats.isNew(`${url} ${error.code} ${error.message}`, performance.now())) {
      this.#handlers.onProblem({ source: url, error });
    }
  }

  #settle(): void {
    const byId = new Map<string, ConsolidatorEntry>();
    for (const [url, member] of this.#members) {
      for (const entry of member.entries) {
        if (byId.size < MAX_ENTRIES) byId.set(entry.id, byId.get(entry.id) ?? entry);
        else if (!byId.has(entry.id)) {
          const message = `There are more than ${MAX_ENTRIES} consolidators: run more relays, each with a part of them.`;
          this.#problem(url, member, new ClusterError('entry', message));
          break;
        }
      }
    }
    // In one order whatever order the sources tell them in, which is no change, but for those at one endpoint.
    const entries = this.#names.resolve([...byId.values()]).toSorted(byEndpoint);
    const told = JSON.stringify(entries);
    if (told === this.#told) return;
    this.#told = told;
    this.#entries = entries;
    this.#changes += 1;
    this.#handlers.onChange(entries);
  }
}

function byEndpoint({ subscribe: a }: ConsolidatorEntry, { subscribe: b }: ConsolidatorEntry): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import type { ConsolidatorEntry } from '../../cluster/entry.js';
import type { ClusterError } from '../../cluster/errors.js';
import type {
  Discovery,
  DiscoveryHandlers,
  DiscoveryProblem,
  WatchConsolidators,
} from '../../cluster/index.js';
import type { Sink } from '../../cluster/source.js';

/** What a watch told, in order, and promises of what it will tell. */
export class Told implements DiscoveryHandlers {
  entries: readonly ConsolidatorEntry[] = [];
  readonly sets: string[][] = [];
  readonly problems: DiscoveryProblem[] = [];
  readonly recovered: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly onChange = (entries: readonly ConsolidatorEntry[]): void => {
    this.entries = entries;
    this.sets.push(entries.map(({ subscribe }) => subscribe));
    this.#wake();
  };

  readonly onProblem = (problem: DiscoveryProblem): void => {
    this.problems.push(problem);
    this.#wake();
  };

  readonly onRecovered = (source: string): void => {
    this.recovered.push(source);
    this.#wake();
  };

  /** The subscribe endpoints known now, sorted. */
  get endpoints(): string[] {
    return this.entries.map(({ subscribe }) => subscribe).toSorted();
  }

  /** What the problems say. */
  get sentences(): string[] {
    return this.problems.map(({ error }) => error.message);
  }

  /** Resolves as soon as `done` holds; tap's own timeout is the limit. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      // What is tested must not keep a process alive; who waits for it does.
      const alive = setInterval(() => undefined, 60_000);
      const check = () => {
        if (!done()) return;
        clearInterval(alive);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Until exactly these endpoints are known, in any order. */
  untilKnown(...endpoints: string[]): Promise<void> {
    const wanted = endpoints.toSorted().join();
    return this.until(() => this.endpoints.join() === wanted);
  }

  #wake(): void {
    for (const check of this.#waiting) check();
  }
}

/** A {@link Sink} for the test of one source, told to a {@link Told}. */
export function sinkTo(told: Told, source = 'source'): Sink & { confirmed: number } {
  let broken = false;
  return {
    confirmed: 0,
    set: told.onChange,
    confirm() {
      this.confirmed += 1;
      if (broken) told.onRecovered(source);
      broken = false;
    },
    problem(error: ClusterError) {
      broken ||= error.code !== 'entry';
      told.onProblem({ source, error });
    },
  };
}

/** A directory in memory: what a relay's tests use in the place of {@link watchConsolidators}. */
export class TwinDirectory {
  #handlers: DiscoveryHandlers | undefined;
  #changes = 0;
  #entries: readonly ConsolidatorEntry[] = [];
  closed = false;

  readonly watch: WatchConsolidators = (_sources, handlers): Discovery => {
    this.#handlers = handlers;
    return {
      stats: { entries: this.#entries.length, changes: this.#changes, problems: 0, age: 0 },
      close: async () => {
        this.closed = true;
      },
    };
  };

  /** These are all there are. */
  set(...endpoints: string[]): void {
    this.setEntries(...endpoints.map((subscribe) => ({ id: subscribe, subscribe, version: 1 })));
  }

  setEntries(...entries: readonly ConsolidatorEntry[]): void {
    this.#entries = entries;
    this.#changes += 1;
    this.#handlers?.onChange(this.#entries);
  }
}

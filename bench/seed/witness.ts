import type { Scope } from '../lib/scope.js';
import { Listener } from '../recycle/listener.js';
import type { ContainerRun } from './fleet.js';

/** A time without a line. */
export interface Silence {
  /** ms */
  readonly length: number;
  /** When it ended, ms of this process's clock. */
  readonly endedAt: number;
}

/** What a reader had of everything that was printed. */
export interface Account {
  readonly received: number;
  /** Received once more. */
  readonly repeated: number;
  /** Missing, and it was told how many. */
  readonly told: number;
  /** Missing behind the last line of a container that was killed, and it was told that this one fell silent. */
  readonly toldOfSilence: number;
  /** Printed by a container before its VM had been found again, and nobody told it. */
  readonly early: number;
  /** Missing otherwise, and nobody told it. */
  readonly untold: number;
}

/** A reader of all containers that notes each line and when it came. */
export class Witness {
  readonly #listener: Listener;
  readonly #vmOf: (run: number) => number;
  readonly #numbers = new Map<number, Set<number>>();
  /** By run and by VM, when the first and the last line came. */
  readonly #firstAt = new Map<number, number>();
  readonly #lastAt = new Map<number, number>();
  readonly #longest = new Map<number, Silence>();
  #repeated = 0;

  /** @param vmOf on which VM a run is */
  constructor(scope: Scope, url: string, vmOf: (run: number) => number) {
    this.#vmOf = vmOf;
    this.#listener = new Listener(url, {}, (run, number) => this.#take(run, number));
    scope.defer(async () => this.#listener.close());
  }

  connected(): Promise<void> {
    return this.#listener.until(() => this.#listener.connections > 0);
  }

  /** When a run's first line came; waits for it. */
  async firstLine(run: number): Promise<number> {
    await this.#listener.until(() => this.#firstAt.has(run));
    return this.#firstAt.get(run) as number;
  }

  /** Resolves when a line of that VM has come that is newer than that. */
  readsAfter(vm: number, moment: number): Promise<void> {
    return this.#listener.until(() => (this.#lastAt.get(vm) ?? 0) > moment);
  }

  /** Forgets the silences so far. */
  reset(): void {
    this.#longest.clear();
  }

  /** The longest time without a line of that VM's container. */
  longestSilence(vm: number): Silence {
    return this.#longest.get(vm) ?? { length: 0, endedAt: 0 };
  }

  accountOf(runs: readonly ContainerRun[]): Account {
    const { told, silent } = this.#listener;
    const numbers = (run: ContainerRun) => this.#numbers.get(run.id) ?? new Set<number>();
    const received = sum(runs.map((run) => numbers(run).size));
    const missing = sum(runs.map((run) => run.printed())) - received;
    const killed = runs.filter(({ wasKilled }) => wasKilled);
    const tails = sum(killed.map((run) => run.printed() - 1 - last(numbers(run))));
    const toldOfSilence = silent >= killed.length ? tails : 0;
    const early = sum(runs.map((run) => first(numbers(run))));
    const untold = missing - told - toldOfSilence - early;
    return { received, repeated: this.#repeated, told, toldOfSilence, early, untold };
  }

  #take(run: number, number: number): void {
    const now = performance.now();
    const numbers = this.#numbers.get(run) ?? new Set<number>();
    this.#numbers.set(run, numbers);
    if (numbers.size === 0) this.#firstAt.set(run, now);
    if (numbers.has(number)) this.#repeated += 1;
    numbers.add(number);
    const vm = this.#vmOf(run);
    const length = now - (this.#lastAt.get(vm) ?? now);
    if (length > this.longestSilence(vm).length) this.#longest.set(vm, { length, endedAt: now });
    this.#lastAt.set(vm, now);
  }
}

/** 0 where nothing came. */
function first(numbers: ReadonlySet<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return numbers.size === 0 ? 0 : least;
}

function last(numbers: ReadonlySet<number>): number {
  let most = -1;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Vm } from './cluster.js';
import type { Fault } from './faults.js';
import type { Listener } from './listener.js';

/** How a cluster got over a fault. */
export interface Recovery {
  readonly what: string;
  /** From the part's being back to the next line at each reader that it had cut off, ms. */
  readonly times: readonly number[];
  /** Over all listeners. */
  readonly received: number;
  readonly told: number;
  /** What does not add up. */
  readonly problems: readonly string[];
}

/** How long the last records and notices may take once nothing is printed any more, ms. */
const REST_MS = 15_000;
const LOOK_MS = 50;

/** One fault while containers print, and the account of them when they have ended. */
export async function suffer(
  cluster: Cluster,
  { what, inflict, cutsConsumers = false }: Fault,
): Promise<Recovery> {
  const accounts = cluster.listeners.flatMap((listeners, vm) =>
    listeners.map((listener) => new Account(cluster.vms[vm] as Vm, listener)),
  );
  await cluster.open();
  const times = await inflict(cluster);
  await cluster.rest();
  const deadline = performance.now() + REST_MS;
  while (accounts.some((account) => account.problems().length > 0) && performance.now() < deadline)
    await sleep(LOOK_MS);
  const problems = accounts.flatMap((account) => account.problems());
  const left = accounts.filter(({ reconnects }) => reconnects > 0).length;
  if (left > 0 && !cutsConsumers) problems.push(`${left} consumers were cut off`);
  const sum = (of: 'received' | 'told') => accounts.reduce((total, account) => total + account[of], 0);
  return { what, times, received: sum('received'), told: sum('told'), problems };
}

/** One container and one who listens to it, over one fault. */
class Account {
  readonly #vm: Vm;
  readonly #listener: Listener;
  readonly #before: Pick<Listener, 'received' | 'told' | 'silent' | 'connections'>;

  constructor(vm: Vm, listener: Listener) {
    const { received, told, silent, connections } = listener;
    this.#vm = vm;
    this.#listener = listener;
    this.#before = { received, told, silent, connections };
  }

  get received(): number {
    return this.#listener.received - this.#before.received;
  }

  get told(): number {
    return this.#listener.told - this.#before.told;
  }

  get reconnects(): number {
    return this.#listener.connections - this.#before.connections;
  }

  /**
   * `printed = received + told`, exact to the line. Two things the design lets be unknown: what a container printed
   * behind its last line that came through, where its sidecar was killed, and its reader is told of the silence; and
   * before its first, where it started on a VM that no relay had subscribed at yet.
   */
  problems(): string[] {
    const { runs, newcomers } = this.#vm;
    const seen = (run: (typeof runs)[number]) => this.#listener.seen.get(run.id) ?? { first: 0, last: -1 };
    const killed = runs.filter(({ wasKilled }) => wasKilled);
    const printed = total(runs.map((run) => run.printed()));
    const unknown =
      total(killed.map((run) => run.printed() - 1 - seen(run).last)) +
      total([...newcomers].map((run) => seen(run).first));
    const rest = printed - this.received - this.told;
    const problems = [...this.#listener.problems];
    if (rest < 0 || rest > unknown)
      problems.push(
        `${(runs[0] as (typeof runs)[number]).plan.topic}: ${printed} printed, ${this.received} received, ${this.told} told: ${rest} unaccounted for, ${unknown} at most may be`,
      );
    const silent = this.#listener.silent - this.#before.silent;
    if (silent < killed.length)
      problems.push(`${killed.length} sidecars were killed, ${silent} told of as silent`);
    return problems;
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

import type { ReaderMethods } from '../workers/reader.js';
import { checkLaw, type ReaderCount } from './account.js';
import type { Scope } from './scope.js';
import type { LatencySummary } from './statistics.js';
import { startWorker, type Worker } from './worker.js';

/** How long the last record may take to the last reader, ms; what has not come by then is a question for the law. */
const ARRIVE_TIMEOUT_MS = 30_000;

/** When everything had arrived. */
export interface Arrival {
  /** Whether each consumer has each record or was told that it is missing. */
  readonly complete: boolean;
  /** µs of the machine's clock. */
  readonly lastAt: number;
}

export interface JoinOptions {
  /** Records so far, none of which is on its way any more. */
  readonly published?: number;
  /** Every so many-th takes latencies. */
  readonly sampleEvery?: number;
  /** How fast each of them reads; 0 for as fast as it comes. */
  readonly bytesPerSecond?: number;
}

/** Consumers, all of them in one process, and what each of them should have seen. */
export class Audience {
  readonly #reader: Worker<ReaderMethods>;
  /** By consumer, how many records had been published when it came. */
  readonly #joinedAt: number[] = [];

  readonly #timeout: number;

  /** @param timeout how long the last record may take, ms */
  constructor(scope: Scope, timeout = ARRIVE_TIMEOUT_MS) {
    this.#timeout = timeout;
    this.#reader = startWorker(scope, 'reader');
  }

  get pid(): number {
    return this.#reader.pid;
  }

  get size(): number {
    return this.#joinedAt.length;
  }

  /** Opens further consumers. */
  async join(
    where: { readonly port: number; readonly path: string },
    consumers: number,
    { published = 0, sampleEvery = 0, bytesPerSecond = 0 }: JoinOptions = {},
  ): Promise<void> {
    const { port, path } = where;
    await this.#reader.call('open', { port, path, connections: consumers, sampleEvery, bytesPerSecond });
    for (let i = 0; i < consumers; i += 1) this.#joinedAt.push(published);
  }

  /** Waits until all of `published` has come or is known to be missing. */
  arrival(published: number): Promise<Arrival> {
    return this.arrivalOf(this.size, published);
  }

  /** The same, of the first `consumers` alone. */
  arrivalOf(consumers: number, published: number): Promise<Arrival> {
    const totals = this.#joinedAt.slice(0, consumers).map((joined) => published - joined);
    return this.#reader.call('until', { totals, timeout: this.#timeout });
  }

  /** @throws {BenchError} `law` where a consumer has not seen or been told of each record since it came */
  async check(what: string, published: number): Promise<ReaderCount[]> {
    const counts = await this.#reader.call('counts');
    checkLaw(what, counts, (i) => published - (this.#joinedAt[i] as number));
    return counts;
  }

  /** Records that consumers neither have nor were told of: what the law forbids, and others' servers may do. */
  async untold(published: number): Promise<number> {
    const { records, dropped } = await this.totals();
    const due = this.#joinedAt.reduce((sum, joined) => sum + published - joined, 0);
    return due - records - dropped;
  }

  totals = () => this.#reader.call('totals');

  takeLatencies = (): Promise<LatencySummary> => this.#reader.call('takeLatencies');

  /** Consumers from `from` to `to` stop reading. */
  stall = (from: number, to: number): Promise<void> => this.#reader.call('stall', { from, to });

  /** Those that read slowly read as fast as it comes from now on. */
  unpace = (): Promise<void> => this.#reader.call('unpace');

  resume = (from: number, to: number): Promise<void> => this.#reader.call('resume', { from, to });
}

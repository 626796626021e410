import { Backoff, pause } from '../backoff.js';
import type { ConsolidatorEntry } from '../entry.js';
import { ClusterError } from '../errors.js';
import { LastKnown } from '../last-known.js';
import type { Sink, Source } from '../source.js';
import { parseEtcdAddress, type EtcdAddress } from './address.js';
import { EtcdClient } from './client.js';
import { idOf, rangeOf, readEntry, type KeyValue } from './keys.js';

/** First and longest wait before an etcd that failed is asked again, ms. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1_000;

/** So often a watch that says nothing is tested by asking its etcd something, ms. */
export const DEFAULT_PROBE_MS = 5_000;

export interface EtcdWatchSettings {
  /** How long what has gone is kept, ms. Longer than a lease: an etcd that is restarted empty gets it all back. */
  readonly grace: number;
  readonly probe?: number;
}

/** What the gateway answers, as far as it is used here. Fields that are zero are absent. */
interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly KeyValue[];
}

interface WatchAnswer {
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly cancel_reason?: string;
  readonly compact_revision?: string;
  readonly events?: readonly { readonly type?: 'DELETE'; readonly kv: KeyValue }[];
}

/**
 * Follows the consolidators in etcd: lists them, then watches from the revision after the list's.
 *
 * Whatever ends the watch, it begins with a list again and not with the revision it had reached. So nothing depends on
 * that revision still meaning anything: not after a compaction, and not in an etcd that was restarted empty, which may
 * have counted up to the same number since. What the new list lacks is kept for the grace period ({@link LastKnown}).
 *
 * @throws {ClusterError} `url`
 */
export function watchEtcd(url: string, sink: Sink, settings: EtcdWatchSettings): Source {
  return new EtcdSource(parseEtcdAddress(url), sink, settings);
}

class EtcdSource implements Source {
  readonly #prefix: string;
  readonly #client: EtcdClient;
  readonly #sink: Sink;
  readonly #probe: number;
  readonly #known: LastKnown;
  readonly #backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    { origins, prefix }: EtcdAddress,
    sink: Sink,
    { grace, probe = DEFAULT_PROBE_MS }: EtcdWatchSettings,
  ) {
    this.#prefix = prefix;
    this.#client = new EtcdClient(origins);
    this.#sink = sink;
    this.#probe = probe;
    this.#known = new LastKnown(grace, (entries) => sink.set(entries));
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#known.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const revision = await this.#list();
        await this.#follow(revision + 1n);
      } catch (error) {
        if (signal.aborted) return;
        this.#known.pause();
        const { code, message } = error as ClusterError;
        this.#sink.problem(
          new ClusterError(code, `${message}; what was known before stays.`, { cause: error }),
        );
        await pause(this.#backoff.next(), signal);
      }
    }
  }

  /** Answers the store's revision at the time of the list. By age, as the watch tells them too: {@link LastKnown}. */
  async #list(): Promise<bigint> {
    const question = { ...rangeOf(this.#prefix), sort_target: 'CREATE', sort_order: 'ASCEND' };
    const answer = (await this.#client.call('/v3/kv/range', question, this.#closing.signal)) as RangeAnswer;
    const entries = (answer.kvs ?? []).map((pair) => this.#read(pair)).filter((entry) => entry !== undefined);
    this.#known.replace(entries);
    return BigInt(answer.header.revision);
  }

  /** Returns where the watch has fallen behind a compaction, and a list is due; throws where etcd fails. */
  async #follow(revision: bigint): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', end);
    const prober = setInterval(() => void this.#test(ending), this.#probe).unref();
    try {
      const question = { create_request: { ...rangeOf(this.#prefix), start_revision: String(revision) } };
      for await (const message of this.#client.stream('/v3/watch', question, ending.signal)) {
        const answer = message as WatchAnswer;
        if (answer.compact_revision !== undefined) return;
        if (answer.canceled) {
          throw new ClusterError(
            'refused',
            `${this.#client.origin} ended the watch (${answer.cancel_reason ?? 'no reason'})`,
          );
        }
        this.#backoff.reset();
        for (const { type, kv } of answer.events ?? []) this.#apply(type === 'DELETE', kv);
        this.#sink.confirm();
      }
      throw new ClusterError('unreachable', `${this.#client.origin} has closed the watch`);
    } finally {
      clearInterval(prober);
      this.#closing.signal.removeEventListener('abort', end);
    }
  }

  /**
   * A connection whose other end has vanished stays open and silent, and so does a watch at a member that is cut off
   * from the others. A read that must be agreed on by most of them tells.
   */
  async #test(watch: AbortController): Promise<void> {
    try {
      const question = { ...rangeOf(this.#prefix), limit: '1', keys_only: true };
      await this.#client.call('/v3/kv/range', question, watch.signal);
      if (!watch.signal.aborted) this.#sink.confirm();
    } catch (error) {
      watch.abort(error);
    }
  }

  #apply(isGone: boolean, pair: KeyValue): void {
    const entry = isGone ? undefined : this.#read(pair);
    // An entry that has begun to lie is gone too.
    if (entry === undefined) this.#known.delete(idOf(pair.key, this.#prefix));
    else this.#known.put(entry);
  }

  #read(pair: KeyValue): ConsolidatorEntry | undefined {
    try {
      return readEntry(pair, this.#prefix);
    } catch (error) {
      this.#sink.problem(error as ClusterError);
      return undefined;
    }
  }
}

import { Backoff, pause } from '../backoff.js';
import type { ConsolidatorEntry } from '../entry.js';
import { ClusterError } from '../errors.js';
import { parseEtcdAddress, type EtcdAddress } from './address.js';
import { EtcdClient } from './client.js';
import { toBase64 } from './keys.js';

/** How long an entry outlives its consolidator, s. */
export const LEASE_TTL_S = 10;

/** So often it is renewed, ms: two may fail. */
export const RENEW_MS = 3_000;

/** First and longest wait before an etcd that failed is tried again, ms: a VM that was cut off is found again within a second or so. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1_000;

/** How long the farewell may take, ms. */
const REVOKE_MS = 1_000;

export interface AnnounceHandlers {
  /** The entry is in etcd: for the first time, or again. */
  readonly onAnnounced?: (url: string) => void;
  /** It may not be. Told once until the entry is there again. */
  readonly onProblem?: (error: ClusterError) => void;
}

export interface AnnounceSettings {
  readonly ttl?: number;
  readonly renew?: number;
}

export interface Announcement {
  /** Takes the entry back. Idempotent. */
  close(): Promise<void>;
}

/**
 * Tells etcd of a consolidator until closed, through whatever happens to etcd: a lease that is lost is granted anew, an
 * entry that has disappeared is put again, an etcd that is down is tried again for ever. Nothing here ever stops the
 * consolidator: relays that know it read on.
 *
 * @throws {ClusterError} `url`
 */
export function announceInEtcd(
  url: string,
  entry: ConsolidatorEntry,
  handlers: AnnounceHandlers = {},
  settings: AnnounceSettings = {},
): Announcement {
  return new EtcdAnnouncement(url, parseEtcdAddress(url), entry, handlers, settings);
}

class EtcdAnnouncement implements Announcement {
  readonly #url: string;
  readonly #client: EtcdClient;
  readonly #key: string;
  readonly #value: string;
  readonly #handlers: AnnounceHandlers;
  readonly #ttl: number;
  readonly #renew: number;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #lease: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    url: string,
    { origins, prefix }: EtcdAddress,
    entry: ConsolidatorEntry,
    handlers: AnnounceHandlers,
    { ttl = LEASE_TTL_S, renew = RENEW_MS }: AnnounceSettings,
  ) {
    this.#url = url;
    this.#client = new EtcdClient(origins);
    this.#key = toBase64(prefix + entry.id);
    this.#value = toBase64(JSON.stringify(entry));
    this.#handlers = handlers;
    this.#ttl = ttl;
    this.#renew = renew;
    this.#running = this.#run();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort();
      await this.#running;
      if (this.#lease === undefined) return;
      const limit = AbortSignal.timeout(REVOKE_MS);
      // Where it fails, the lease runs out by itself.
      await this.#client.call('/v3/lease/revoke', { ID: this.#lease }, limit).catch(() => {});
    })();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff(RETRY_MIN_MS, RETRY_MAX_MS);
    let isTold = false;
    while (!signal.aborted) {
      try {
        if (!(await this.#isLeaseAlive())) await this.#grant();
        const isThere = await this.#isThere();
        if (!isThere) await this.#put();
        if (!isThere || isTold) this.#handlers.onAnnounced?.(this.#url);
        isTold = false;
        backoff.reset();
        await pause(this.#renew * (0.9 + Math.random() / 10), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isTold) this.#handlers.onProblem?.(error as ClusterError);
        isTold = true;
        await pause(backoff.next(), signal);
      }
    }
  }

  async #isLeaseAlive(): Promise<boolean> {
    if (this.#lease === undefined) return false;
    const answer = (await this.#call('/v3/lease/keepalive', { ID: this.#lease })) as {
      result?: { TTL?: string };
    };
    // Zero, and so absent, where there is no such lease.
    return Number(answer.result?.TTL ?? 0) > 0;
  }

  /** Somebody may have deleted the entry, or put it without the lease, while the lease lives. */
  async #isThere(): Promise<boolean> {
    const answer = await this.#call('/v3/kv/range', { key: this.#key });
    const { kvs = [] } = answer as { kvs?: readonly { value?: string; lease?: string }[] };
    return kvs[0]?.value === this.#value && kvs[0].lease === this.#lease;
  }

  async #grant(): Promise<void> {
    const { ID } = (await this.#call('/v3/lease/grant', { TTL: String(this.#ttl) })) as { ID?: unknown };
    if (typeof ID !== 'string')
      throw new ClusterError('answer', `${this.#client.origin} grants a lease without an ID`);
    this.#lease = ID;
  }

  async #put(): Promise<void> {
    await this.#call('/v3/kv/put', { key: this.#key, value: this.#value, lease: this.#lease });
  }

  #call(path: string, question: object): Promise<unknown> {
    return this.#client.call(path, question, this.#closing.signal);
  }
}

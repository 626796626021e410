import { Resolver } from 'node:dns/promises';
import { checkEntry } from './entry.js';
import { formatTcpEndpoint, isHost } from './endpoint.js';
import { ClusterError } from './errors.js';
import { LastKnown } from './last-known.js';
import type { Sink, Source } from './source.js';

/** Asked again after the answer's time to live, within these bounds, ms. An SRV answer of node:dns tells none. */
const MIN_POLL_MS = 1_000;
const MAX_POLL_MS = 30_000;
export const DEFAULT_POLL_MS = 5_000;

/** Targets of an SRV answer that are looked up at a time. */
const LOOKUPS = 16;

/**
 * A name that is not answered, or answered with nothing, keeps what it told last for so long, ms. Restarted name
 * servers and services without a ready member look exactly like this, and an address too many costs an attempt to
 * connect twice a second; one too few costs a VM's logs.
 */
export const DEFAULT_KEEP_MS = 600_000;

/** What is asked of the name server; {@link Resolver} is one. */
export type DnsQuestions = Pick<Resolver, 'resolve4' | 'resolve6' | 'resolveSrv' | 'cancel'>;

export type DnsTarget =
  | { readonly kind: 'address'; readonly name: string; readonly port: number }
  | { readonly kind: 'srv'; readonly name: string };

export interface DnsSettings {
  readonly resolver?: DnsQuestions;
  /** How long what is missing from a good answer is kept, ms: many servers give a part of a long answer. */
  readonly grace: number;
  readonly keep?: number;
  /** Replaces the time to live, ms. */
  readonly poll?: number;
}

/**
 * Follows a name: each of its addresses, with one port for all, or each target of its SRV records with the port named
 * there. It asks the name server and not the system's `hosts` file. Polled with ±20 % of jitter.
 */
export function watchDns(target: DnsTarget, sink: Sink, settings: DnsSettings): Source {
  return new DnsSource(target, sink, settings);
}

class DnsSource implements Source {
  readonly #target: DnsTarget;
  readonly #sink: Sink;
  readonly #settings: DnsSettings;
  readonly #resolver: DnsQuestions;
  readonly #known: LastKnown;
  #answeredAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #closed = false;

  constructor(target: DnsTarget, sink: Sink, settings: DnsSettings) {
    this.#target = target;
    this.#sink = sink;
    this.#settings = settings;
    this.#resolver = settings.resolver ?? new Resolver({ timeout: 2_000, tries: 2 });
    this.#known = new LastKnown(settings.grace, (entries) => sink.set(entries));
    this.#ask();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#known.close();
    this.#resolver.cancel();
    await this.#asking;
  }

  #ask(): void {
    this.#asking = this.#lookUp().then((ttl) => {
      const wait = this.#settings.poll ?? Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, ttl));
      if (!this.#closed)
        this.#timer = setTimeout(() => this.#ask(), wait * (0.8 + Math.random() * 0.4)).unref();
    });
  }

  /** Answers how long the answer holds, ms. */
  async #lookUp(): Promise<number> {
    try {
      const { endpoints, ttl } = await this.#resolve();
      this.#answeredAt = performance.now();
      if (this.#closed) return ttl;
      this.#known.replace(endpoints.map((subscribe) => checkEntry({ subscribe })));
      this.#sink.confirm();
      return ttl;
    } catch (error) {
      if (!this.#closed) this.#fail(error as Error);
      return DEFAULT_POLL_MS;
    }
  }

  #fail(error: Error): void {
    const { keep = DEFAULT_KEEP_MS } = this.#settings;
    const isOld = performance.now() - this.#answeredAt > keep;
    if (isOld) this.#known.replace([]);
    else this.#known.pause();
    const what =
      error instanceof ClusterError ? error.message : `no answer for ${this.#target.name}: ${error.message}`;
    const stays = isOld ? 'for so long that what was known is dropped' : 'what was known before stays';
    this.#sink.problem(new ClusterError('unreachable', `DNS gives ${what}; ${stays}.`, { cause: error }));
  }

  async #resolve(): Promise<{ endpoints: string[]; ttl: number }> {
    const { name } = this.#target;
    if (this.#target.kind === 'address') {
      const { addresses, ttl } = await this.#addressesOf(name);
      return { endpoints: endpointsOf(addresses, this.#target.port), ttl };
    }
    const records = (await this.#resolver.resolveSrv(name)).filter(
      ({ name, port }) => isHost(name) && port > 0,
    );
    const endpoints: string[] = [];
    let failure: unknown;
    for (let at = 0; at < records.length; at += LOOKUPS) {
      const some = records.slice(at, at + LOOKUPS).map(async ({ name, port }) => {
        const { addresses } = await this.#addressesOf(name);
        endpoints.push(...endpointsOf(addresses, port));
      });
      for (const result of await Promise.allSettled(some))
        if (result.status === 'rejected') failure = result.reason;
    }
    // A target without an address is a VM that is not there; if none has one, the name server is to blame.
    if (endpoints.length === 0)
      throw failure ?? new ClusterError('unreachable', `no usable target for ${name}`);
    return { endpoints: [...new Set(endpoints)], ttl: DEFAULT_POLL_MS };
  }

  /** At least one address; a name that has but one family gives an error for the other. */
  async #addressesOf(name: string): Promise<{ addresses: string[]; ttl: number }> {
    const answers = await Promise.allSettled([
      this.#resolver.resolve4(name, { ttl: true }),
      this.#resolver.resolve6(name, { ttl: true }),
    ]);
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (records.length > 0) {
      const ttl = Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
      return { addresses: records.map(({ address }) => address), ttl };
    }
    const [failed] = answers.filter((answer) => answer.status === 'rejected');
    throw failed?.reason ?? new ClusterError('unreachable', `no address for ${name}`);
  }
}

/** Sorted: servers turn the order of their answers, and that is no change. */
function endpointsOf(addresses: readonly string[], port: number): string[] {
  return addresses.map((host) => formatTcpEndpoint({ host, port })).toSorted();
}

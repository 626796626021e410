import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatTcpEndpoint, parseTcpEndpoint } from './endpoint.js';
import type { ConsolidatorEntry } from './entry.js';
import { ClusterError } from './errors.js';

/** So often a name is looked up again, ms: a recreated container has another address under the same name. */
const POLL_MS = 1_000;

/** With many names, so much time for each, ms: the system's lookups share four threads with all file access. */
const POLL_PER_NAME_MS = 10;

/** All addresses of a name as the system knows them, its `hosts` file included. */
export type Lookup = (name: string) => Promise<readonly string[]>;

const lookupBySystem: Lookup = async (name) => {
  const addresses = await lookup(name, { all: true, verbatim: false });
  return addresses.map(({ address }) => address);
};

export interface NamesHandlers {
  /** A name leads elsewhere now. */
  readonly onChange: () => void;
  readonly onProblem: (error: ClusterError) => void;
}

/**
 * Puts addresses in the place of names, and follows where the names lead.
 *
 * libzmq could do it, but it looks names up in the one thread that serves all connections: a name server that is down
 * would hold up every VM's records. A name that can no longer be looked up keeps its last address.
 */
export class Names {
  readonly #handlers: NamesHandlers;
  readonly #lookup: Lookup;
  /** By name; undefined until it is known. */
  readonly #addresses = new Map<string, string | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #telling: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(handlers: NamesHandlers, lookup: Lookup = lookupBySystem) {
    this.#handlers = handlers;
    this.#lookup = lookup;
  }

  /**
   * The same entries with addresses; those whose name leads nowhere yet are left out, and of the others a place to
   * replay from whose own name does. They are all that is followed.
   */
  resolve(entries: readonly ConsolidatorEntry[]): ConsolidatorEntry[] {
    const names = new Set(
      entries
        .flatMap(({ subscribe, replay = '' }) => [nameIn(subscribe), nameIn(replay)])
        .filter((name) => name !== undefined),
    );
    for (const name of this.#addresses.keys()) if (!names.has(name)) this.#addresses.delete(name);
    const isNew = [...names].some((name) => !this.#addresses.has(name));
    for (const name of names) this.#addresses.set(name, this.#addresses.get(name));
    if (isNew) this.#lookIn(0);
    return entries.map((entry) => this.#resolve(entry)).filter((entry) => entry !== undefined);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#telling);
    // A lookup cannot be called off; what it finds is no longer told.
  }

  #resolve({ subscribe, replay, ...entry }: ConsolidatorEntry): ConsolidatorEntry | undefined {
    const place = this.#withAddress(subscribe);
    if (place === undefined) return undefined;
    const past = replay === undefined ? undefined : this.#withAddress(replay);
    return { ...entry, subscribe: place, ...(past !== undefined && { replay: past }) };
  }

  /** Undefined as long as nobody knows where its name leads. */
  #withAddress(endpoint: string): string | undefined {
    const name = nameIn(endpoint);
    if (name === undefined) return endpoint;
    const address = this.#addresses.get(name);
    return address === undefined ? undefined : withHost(endpoint, address);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#addresses.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#look().then(() => {
        const wait = Math.max(POLL_MS, this.#addresses.size * POLL_PER_NAME_MS);
        this.#lookIn(wait * (0.8 + Math.random() * 0.2));
      });
    }, ms).unref();
  }

  async #look(): Promise<void> {
    await Promise.all([...this.#addresses.keys()].map((name) => this.#lookUp(name)));
  }

  async #lookUp(name: string): Promise<void> {
    try {
      const addresses = await this.#lookup(name);
      const known = this.#addresses.get(name);
      // Of several any will do, and the one in use is best: answers turn their order.
      if (this.#closed || !this.#addresses.has(name) || (known !== undefined && addresses.includes(known)))
        return;
      this.#addresses.set(name, addresses[0] ?? known);
      this.#tell();
    } catch (cause) {
      if (this.#closed) return;
      const text = `${name} leads nowhere (${(cause as Error).message}); an address known before stays.`;
      this.#handlers.onProblem(new ClusterError('entry', text, { cause }));
    }
  }

  /** Once for all answers of a turn, and without waiting for a name whose server does not answer. */
  #tell(): void {
    this.#telling ??= setImmediate(() => {
      this.#telling = undefined;
      this.#handlers.onChange();
    });
  }
}

function nameIn(endpoint: string): string | undefined {
  const host = parseTcpEndpoint(endpoint)?.host;
  return host === undefined || isIP(host) !== 0 ? undefined : host;
}

function withHost(endpoint: string, host: string): string {
  const tcp = parseTcpEndpoint(endpoint);
  return tcp === undefined ? endpoint : formatTcpEndpoint({ host, port: tcp.port });
}

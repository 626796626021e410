import { isIPv6 } from 'node:net';
import { isLoopbackHost } from '../cluster/loopback.js';
import { Refusal } from './refusal.js';

export interface PlaceLimits {
  /** Consumers in all. */
  readonly maxConsumers: number;
  /** Consumers of one tenant's streams; the system's streams count as one tenant. */
  readonly maxConsumersPerTenant: number;
  /** Consumers from one address. */
  readonly maxConsumersPerAddress: number;
}

/**
 * How many consumers there may be. Who is over a limit is told which, and when to come again; nobody who is there already
 * is put out. What it keeps is bounded by the consumers that there are.
 */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #tenants = new Counts();
  readonly #addresses = new Counts();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a place. The tenant must be one that the client may read: what its limit says is the tenant's affair.
   *
   * @param address of the client; those of this machine are proxies and tests, and not limited by theirs
   * @returns gives it back; idempotent
   * @throws {Refusal} 503 where another relay may have room, 429 where the client has too many
   */
  take(tenant: string, address: string): () => void {
    const { maxConsumers, maxConsumersPerTenant, maxConsumersPerAddress } = this.#limits;
    const from = isLoopbackHost(address) ? '' : networkOf(address);
    if (this.#taken >= maxConsumers) {
      const detail = `This relay has its ${maxConsumers} consumers: connect again, and another may answer.`;
      throw new Refusal('relay-full', 503, 'Relay full', detail, retryAfter(5));
    }
    if (this.#tenants.of(tenant) >= maxConsumersPerTenant) {
      const detail = `This tenant has its ${maxConsumersPerTenant} consumers on this relay: close some, or read with fewer.`;
      throw new Refusal('tenant-full', 429, 'Too many consumers', detail, retryAfter(30));
    }
    if (from !== '' && this.#addresses.of(from) >= maxConsumersPerAddress) {
      const detail = `${address} has its ${maxConsumersPerAddress} consumers on this relay: close some. If it is a proxy, the relay has to be told with --trust-proxy.`;
      throw new Refusal('address-full', 429, 'Too many consumers', detail, retryAfter(30));
    }
    this.#taken += 1;
    this.#tenants.add(tenant);
    if (from !== '') this.#addresses.add(from);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken -= 1;
      this.#tenants.remove(tenant);
      if (from !== '') this.#addresses.remove(from);
    };
  }
}

/** Up to twice the seconds, so that those who are told do not come back all at once. */
function retryAfter(seconds: number): Record<string, string> {
  return { 'Retry-After': String(Math.ceil(seconds * (1 + Math.random()))) };
}

/** One customer of an IPv6 network has 2^64 addresses, and counts as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const count = this.of(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

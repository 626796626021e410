import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { RelayError } from './errors.js';

/** Where a request came from, as far as that can be believed. */
export interface Peer {
  /** Address of the client; empty where the connection is gone already. */
  readonly address: string;
  /** It came by https. */
  readonly secure: boolean;
}

/**
 * Reads who sent a request. What `X-Forwarded-For` and `X-Forwarded-Proto` say counts only where a proxy that is trusted
 * said it: anybody can write them. From its right end on, each entry was written by the one before; the first that is no
 * trusted proxy is the client.
 */
export class Peers {
  readonly #trusted: BlockList;

  /** @param proxies addresses and networks, such as `10.0.0.0/8` @throws {RelayError} `endpoint` for anything else */
  constructor(proxies: readonly string[]) {
    this.#trusted = networks(proxies);
  }

  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): Peer {
    let address = plain(socket.remoteAddress ?? '');
    if (!this.#trusts(address)) return { address, secure: false };
    const hops = String(headers['x-forwarded-for'] ?? '').split(',');
    while (hops.length > 0 && this.#trusts(address)) {
      const hop = plain((hops.pop() as string).trim());
      if (isIP(hop) === 0) break;
      address = hop;
    }
    const [proto = ''] = String(headers['x-forwarded-proto'] ?? '').split(',');
    return { address, secure: proto.trim().toLowerCase() === 'https' };
  }

  #trusts(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function networks(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits, ...rest] = proxy.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (family === 0 || rest.length > 0 || !(length <= most)) {
      throw new RelayError(
        'endpoint',
        `--trust-proxy takes addresses and networks such as 10.0.0.7 or 10.0.0.0/8, not ${JSON.stringify(proxy)}.`,
      );
    }
    list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** An IPv4 address as it is, whatever socket it came in by. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

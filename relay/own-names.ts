import { isIP } from 'node:net';
import { isLoopbackHost } from '../cluster/loopback.js';
import { Refusal } from './refusal.js';

/**
 * The answer to a request for a name that is not this relay's; undefined where it is.
 *
 * It is for relays that listen on loopback and ask nobody who they are: a page in a browser on this machine may make
 * requests of a name of its own that a hostile name server points at 127.0.0.1 (DNS rebinding), and would be let read the
 * answer as its own. An address, or a name that ends at the machine itself, cannot be pointed anywhere.
 *
 * @param host as the request says it; HTTP/1.0 may say none, a browser always does
 * @param names further names that are this relay's, such as a proxy in front asks for
 */
export function refuseForeignName(host: string | undefined, names: readonly string[]): Refusal | undefined {
  if (host === undefined || isOwn(nameIn(host), names)) return undefined;
  return new Refusal(
    'host',
    421,
    'Misdirected request',
    `${JSON.stringify(host.slice(0, 100))} is no name of this relay, which asks for no tokens and serves its own machine: use localhost or an address, or start it with --host-name for a proxy in front of it.`,
  );
}

/** Without the port, and without the brackets of an address. */
function nameIn(host: string): string {
  const [, address, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (address ?? name ?? '').toLowerCase().replace(/\.$/, '');
}

/** `*.localhost` never leaves the machine (RFC 6761, 6.3). */
function isOwn(name: string, names: readonly string[]): boolean {
  if (isIP(name) !== 0 || isLoopbackHost(name) || name.endsWith('.localhost')) return true;
  return names.some((own) => own.toLowerCase() === name);
}

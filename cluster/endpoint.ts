import { isIP, SocketAddress } from 'node:net';

/** A TCP endpoint of ZeroMQ, apart. `host` of an IPv6 address is without its brackets. */
export interface TcpEndpoint {
  readonly host: string;
  readonly port: number;
}

const HIGHEST_PORT = 65_535;

/** Letters, digits, `-`, `_` and dots: a DNS name of at most 253 characters. An interface's name is one too. */
const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

/**
 * Reads `tcp://10.0.0.1:5556`, `tcp://[fd00::1]:5556` or `tcp://vm-1.internal:5556`; undefined for anything else.
 *
 * It is stricter than libzmq, which takes port 70000 for 4464 and looks up any name: entries come from others.
 */
export function parseTcpEndpoint(text: string): TcpEndpoint | undefined {
  const match = /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, address, name, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > HIGHEST_PORT) return undefined;
  if (address !== undefined) return isIP(address) === 6 ? { host: address, port } : undefined;
  return isHost(name as string) ? { host: name as string, port } : undefined;
}

/** Whether it is an IP address (no brackets) or could be a DNS name. `10.0.0.256` is neither. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return NAME.test(text) && !/^[\d.]+$/.test(text);
}

export function formatTcpEndpoint({ host, port }: TcpEndpoint): string {
  return `tcp://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * One spelling for each TCP endpoint: IPv6 compressed, IPv4 never in the guise of IPv6. libzmq names a connection as it
 * was told to make it, and from its first reconnect on by the address that the socket has. Other endpoints stay.
 */
export function canonicalEndpoint(endpoint: string): string {
  const tcp = parseTcpEndpoint(endpoint);
  if (tcp === undefined) return endpoint;
  if (isIP(tcp.host) !== 6) return formatTcpEndpoint({ ...tcp, host: tcp.host.toLowerCase() });
  const { address } = new SocketAddress({ address: tcp.host, family: 'ipv6' });
  return formatTcpEndpoint({ ...tcp, host: address.replace(/^::ffff:(?=[\d.]+$)/, '') });
}

/** The same host, one port up; undefined for what has no port, or the last. */
export function nextPort(endpoint: string): string | undefined {
  const tcp = parseTcpEndpoint(endpoint);
  if (tcp === undefined || tcp.port === HIGHEST_PORT) return undefined;
  return formatTcpEndpoint({ host: tcp.host, port: tcp.port + 1 });
}

/** Whether something bound there listens at every address of the machine: it says nothing of where to connect. */
export function isWildcardHost(host: string): boolean {
  return host === '*' || host === '0.0.0.0' || (isIP(host) === 6 && /^[0:]+(?:0\.0\.0\.0)?$/.test(host));
}

import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** One connection of the kernel's table whose other end does not answer. */
export interface UnansweredPeer {
  /** Address as `net.Socket` writes it, without the prefix of an IPv4-mapped one. */
  readonly address: string;
  readonly port: number;
}

/**
 * So many sendings of the same bytes, or probes of a closed window, in a row that nobody acknowledged. They double their
 * distance from 200 ms: the fifth goes out after some 6 s.
 */
const UNANSWERED = 5;

const POLL_MS = 3_000;

const ESTABLISHED = '01';
const RETRANSMITTING = '01';
const PROBING_WINDOW = '04';

/**
 * Finds, in the text of Linux's `/proc/net/tcp` or `tcp6`, connections to a local port whose peer is gone. A peer that
 * merely does not read answers probes, so it is not among them.
 *
 * @see https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
 */
export function unansweredPeers(table: string, localPort: number): UnansweredPeer[] {
  const suffix = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  const found: UnansweredPeer[] = [];
  for (const line of table.split('\n')) {
    if (!line.includes(suffix)) continue;
    const [, local = '', remote = '', state, , timer = '', retransmits = '', , probes = ''] = line
      .trim()
      .split(/\s+/);
    if (!local.endsWith(suffix) || state !== ESTABLISHED) continue;
    const kind = timer.slice(0, 2);
    const count =
      kind === RETRANSMITTING
        ? Number.parseInt(retransmits, 16)
        : kind === PROBING_WINDOW
          ? Number(probes)
          : 0;
    if (count >= UNANSWERED) found.push(parsePeer(remote));
  }
  return found;
}

/**
 * Cuts connections whose peer is gone while bytes were on their way to it. TCP itself would go on trying for a quarter of
 * an hour, and its keep-alive probes, which find peers that vanished from an idle connection, stay silent meanwhile. Node
 * cannot set TCP_USER_TIMEOUT; on Linux the kernel's own table says what it would have acted on. Elsewhere nothing is done.
 *
 * @returns stops looking
 */
export function cutDeadPeers(sockets: ReadonlySet<Socket>, localPort: number): () => void {
  const look = async () => {
    if (sockets.size === 0) return;
    for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
      const table = await readFile(file, 'latin1').catch(() => '');
      for (const peer of unansweredPeers(table, localPort)) {
        for (const socket of sockets) if (isPeer(socket, peer)) socket.destroy();
      }
    }
  };
  const timer = setInterval(() => void look(), POLL_MS).unref();
  return () => clearInterval(timer);
}

function isPeer({ remoteAddress = '', remotePort }: Socket, { address, port }: UnansweredPeer): boolean {
  return remotePort === port && remoteAddress.replace(/^::ffff:/, '') === address;
}

/** `0100007F:D431` is 127.0.0.1:54321: 32-bit words in the machine's byte order, the port in the network's. */
function parsePeer(text: string): UnansweredPeer {
  const [hex = '', port = ''] = text.split(':');
  const bytes = Buffer.from(hex, 'hex').swap32();
  if (bytes.length === 4) return { address: bytes.join('.'), port: Number.parseInt(port, 16) };
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  return {
    address: mapped ? bytes.subarray(12).join('.') : formatIpv6(bytes),
    port: Number.parseInt(port, 16),
  };
}

/** The canonical text (RFC 5952), which is how Node writes it. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

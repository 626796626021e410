import { setTimeout as sleep } from 'node:timers/promises';
import { Reply } from 'zeromq';
import { ClusterError } from '../errors.js';
import { encodeZ85 } from './z85.js';

/**
 * ZAP (ZeroMQ RFC 27): libzmq asks the one socket that is bound here, in the same process, about each peer whose CURVE
 * handshake is sound.
 */
const ENDPOINT = 'inproc://zeromq.zap.01';

/** Some sockets of this process, and who may connect to them. */
export interface ZapDomain {
  /** For the sockets' `zapDomain`. */
  readonly name: string;
  /** Call it once the sockets are closed. Idempotent. */
  close(): void;
}

/**
 * Opens a domain. There may be many in a process (several consolidators, several sockets each); together they have the
 * one endpoint, which the first binds and the last gives up.
 *
 * @throws {ClusterError} `key` where the program that this is embedded in answers ZAP itself
 */
export async function openZapDomain(isAllowed: (publicKey: string) => boolean): Promise<ZapDomain> {
  const name = `spillway-${(serial += 1)}`;
  domains.set(name, isAllowed);
  try {
    await (answering ??= answer());
  } catch (error) {
    answering = undefined;
    domains.delete(name);
    throw error;
  }
  return { name, close: () => leave(name) };
}

const domains = new Map<string, (publicKey: string) => boolean>();
let serial = 0;
let answering: Promise<Reply> | undefined;

function leave(name: string): void {
  if (!domains.delete(name) || domains.size > 0) return;
  const last = answering;
  answering = undefined;
  void last?.then((socket) => socket.close());
}

/** A socket that was closed a moment ago gives its endpoint up in libzmq's own time: attempts, and ms between them. */
const ATTEMPTS = 200;
const RETRY_MS = 5;

async function answer(): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = new Reply({ linger: 0 });
    try {
      await socket.bind(ENDPOINT);
      void serve(socket);
      return socket;
    } catch (cause) {
      socket.close();
      if (attempt < ATTEMPTS) await sleep(RETRY_MS);
      else
        throw new ClusterError('key', `This process answers ZAP already (${ENDPOINT}): it can do so once.`, {
          cause,
        });
    }
  }
}

async function serve(socket: Reply): Promise<void> {
  try {
    for await (const frames of socket) await socket.send(judge(frames));
  } catch (error) {
    if (!socket.closed) throw error;
  }
}

/** The frames of the answer. Whatever is not plainly to be let in is not. */
export function judge([version, request, domain, , , mechanism, key]: readonly Buffer[]): (
  string | Buffer
)[] {
  const isAllowed =
    String(mechanism) === 'CURVE' &&
    key?.length === 32 &&
    domains.get(String(domain))?.(encodeZ85(key)) === true;
  const [status, text] = isAllowed ? ['200', 'OK'] : ['400', 'not on the allow-list'];
  return [version ?? '1.0', request ?? '', status, text, '', ''];
}

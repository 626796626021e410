import type { Socket } from 'zeromq';
import type { AllowList } from './allow-list.js';
import type { CurveKeyPair } from './keys.js';
import { openZapDomain } from './zap.js';

/** How a listening socket knows its peers. */
export interface Guard {
  readonly keys: CurveKeyPair;
  /** Who may connect; without it whoever knows this socket's public key. */
  readonly allow?: Pick<AllowList, 'has'>;
}

/** A peer that says nothing is cut after so long, ms. libzmq's own default is 30 s. */
export const HANDSHAKE_MS = 10_000;

/**
 * Makes a socket speak CURVE, and to those alone that its allow-list names. To be called before it binds; what it answers
 * is to be called when the socket is closed.
 *
 * @throws {ClusterError} `key`
 */
export async function guardSocket(socket: Socket, { keys, allow }: Guard): Promise<() => void> {
  socket.curveServer = true;
  socket.curveSecretKey = keys.secretKey;
  if (allow === undefined) return () => {};
  const domain = await openZapDomain((key) => allow.has(key));
  socket.zapDomain = domain.name;
  // Without it libzmq lets everybody in while nobody answers.
  socket.zapEnforceDomain = true;
  return () => domain.close();
}

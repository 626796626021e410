import type { AllowListHooks, HandshakeRefusal, RefusedHandshake } from '../cluster/curve/index.js';
import type { Log } from '../telemetry/index.js';

type Told = Pick<Log, 'info' | 'warn'>;

/** Says in a part's own log what becomes of an allow-list that changes. */
export function logAllowLists(log: Told): Required<AllowListHooks> {
  return {
    onAllowList: ({ path, size }, removed) =>
      log.info(`allow-list ${path} was read again: ${size} keys`, { path, keys: size, removed }),
    onAllowListProblem: ({ message }) => log.warn(message),
  };
}

/** Says who was not let in: the peers of a listening part. */
export function logRefusedPeers(log: Told): (refused: RefusedHandshake) => void {
  const why: Readonly<Record<HandshakeRefusal, string>> = {
    key: 'its key is not on the allow-list',
    mechanism: 'only one of us speaks CURVE',
    crypto: 'it has another public key for this part than --curve-secret-key belongs to',
    other: 'it broke off, or what it sent made no sense',
  };
  return ({ reason, endpoint, count }) =>
    log.warn(`a peer was not let in at ${endpoint}: ${why[reason]}`, { endpoint, reason, refused: count });
}

/** Says that a part was not let in where it connects. */
export function logRefusedBy(log: Told): (refused: RefusedHandshake) => void {
  const why: Readonly<Record<HandshakeRefusal, string>> = {
    key: 'the public key of this --curve-secret-key is not on its allow-list',
    mechanism: 'only one of us speaks CURVE',
    crypto: 'its public key is another than the one we know of it',
    other:
      'it broke off, as one does whose public key is another than the one we know of it, or that speaks CURVE where no --curve-server-key is given',
  };
  return ({ reason, endpoint, count }) =>
    log.warn(`not let in by the consolidator at ${endpoint}: ${why[reason]}; trying again`, {
      endpoint,
      reason,
      refused: count,
    });
}

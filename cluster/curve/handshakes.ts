import type { Socket } from 'zeromq';
import { Repeats } from '../repeats.js';

/**
 * Why a handshake came to nothing. `key`: this side's key or the peer's is not on the other's list; `mechanism`: only one
 * of both speaks CURVE; `crypto`: the peer takes this side for another, whose key it has; `other`: the peer went away in
 * the middle, or sent what makes no sense. The side that connects is told `other` of most, since it is only cut off.
 */
export const HANDSHAKE_REFUSALS = ['key', 'mechanism', 'crypto', 'other'] as const;

export type HandshakeRefusal = (typeof HANDSHAKE_REFUSALS)[number];

export interface RefusedHandshake {
  readonly reason: HandshakeRefusal;
  /** The endpoint of the socket that listens. */
  readonly endpoint: string;
  /** All refusals so far that have this reason. */
  readonly count: number;
}

/** Counts the handshakes that came to nothing. */
export class Handshakes {
  readonly refused = Object.fromEntries(HANDSHAKE_REFUSALS.map((word) => [word, 0])) as Record<
    HandshakeRefusal,
    number
  >;
  readonly #onRefused: (refused: RefusedHandshake) => void;
  readonly #repeats = new Repeats();

  /** @param onRefused called for the first of a reason and endpoint, and again every five minutes if it goes on */
  constructor(onRefused: (refused: RefusedHandshake) => void = () => {}) {
    this.#onRefused = onRefused;
  }

  /**
   * Has a socket's handshakes counted; before it binds or connects.
   *
   * @param onEach called for each of them, with the endpoint that listens
   */
  watch(socket: Socket, onEach: (endpoint: string) => void = () => {}): void {
    const count = (reason: HandshakeRefusal, endpoint: string) => {
      this.#count(reason, endpoint);
      onEach(endpoint);
    };
    socket.events.on('handshake:error:auth', ({ address }) => count('key', address));
    socket.events.on('handshake:error:protocol', ({ address, error }) => count(reasonOf(error), address));
    socket.events.on('handshake:error:other', ({ address }) => count('other', address));
  }

  #count(reason: HandshakeRefusal, endpoint: string): void {
    const count = (this.refused[reason] += 1);
    if (this.#repeats.isNew(`${reason} ${endpoint}`, performance.now()))
      this.#onRefused({ reason, endpoint, count });
  }
}

function reasonOf({ code }: NodeJS.ErrnoException): HandshakeRefusal {
  if (code === 'ERR_ZMTP_MECHANISM_MISMATCH') return 'mechanism';
  return code === 'ERR_ZMTP_CRYPTOGRAPHIC' ? 'crypto' : 'other';
}

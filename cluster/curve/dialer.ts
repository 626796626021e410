import type { Router, Socket } from 'zeromq';
import { Backoff } from '../backoff.js';
import { canonicalEndpoint } from '../endpoint.js';
import { Handshakes, type HandshakeRefusal, type RefusedHandshake } from './handshakes.js';
import type { CurveKeyPair } from './keys.js';

/** How a connecting socket proves who it is, and to whom alone it speaks. */
export interface CurveClient {
  readonly keys: CurveKeyPair;
  /** The other side's public key. */
  readonly serverKey: string;
}

export interface DialerOptions {
  /** First and longest wait between two attempts to connect, ms, before the spread of ±25 %. */
  readonly reconnectMin: number;
  readonly reconnectMax: number;
  /** A handshake came to nothing: the first of a kind, and again every five minutes if it goes on. */
  readonly onRefused?: ((refused: RefusedHandshake) => void) | undefined;
}

/**
 * First and longest wait after a handshake that came to nothing, ms. A handshake costs the other side a millisecond of
 * its I/O thread, and libzmq's own back-off begins anew with each connection.
 */
const REFUSED_MIN_MS = 250;
const REFUSED_MAX_MS = 8_000;

interface Target {
  /** As it was given. */
  readonly endpoint: string;
  readonly curve: CurveClient | undefined;
  readonly routingId: string | undefined;
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Makes the connections of one socket: with a key and a pace for each, and again after each refusal. libzmq itself gives
 * an endpoint up for good when it is not let in or finds no ZeroMQ there, and so would never see that a list was
 * mended, or a consolidator restarted with the key that it should have.
 */
export class Dialer {
  readonly #socket: Socket;
  readonly #options: DialerOptions;
  readonly #handshakes: Handshakes;
  readonly #targets = new Map<string, Target>();

  constructor(socket: Socket, options: DialerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#handshakes = new Handshakes(options.onRefused);
    this.#handshakes.watch(socket, (endpoint) => this.#again(endpoint));
    socket.events.on('handshake', ({ address }) => this.#find(address)?.backoff.reset());
  }

  /** Handshakes that came to nothing so far. */
  get refused(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#handshakes.refused;
  }

  /**
   * @param routingId what a ROUTER socket addresses this peer with
   * @throws what zeromq.js does where ZeroMQ refuses the endpoint
   */
  connect(endpoint: string, curve?: CurveClient, routingId?: string): void {
    const backoff = new Backoff(REFUSED_MIN_MS, REFUSED_MAX_MS);
    const target: Target = { endpoint, curve, routingId, backoff, timer: undefined };
    this.#dial(target);
    this.#targets.set(canonicalEndpoint(endpoint), target);
  }

  disconnect(endpoint: string): void {
    const key = canonicalEndpoint(endpoint);
    clearTimeout(this.#targets.get(key)?.timer);
    this.#targets.delete(key);
    this.#hangUp(endpoint);
  }

  /** Before the socket is closed. Idempotent. */
  close(): void {
    for (const { timer } of this.#targets.values()) clearTimeout(timer);
    this.#targets.clear();
  }

  /** libzmq names a connection as it was told to make it, or by the address that a name led to. */
  #find(address: string): Target | undefined {
    const [first] = this.#targets.values();
    return this.#targets.get(canonicalEndpoint(address)) ?? (this.#targets.size === 1 ? first : undefined);
  }

  /** Cuts a connection, with all that libzmq keeps of its peer, and makes it again after a while. */
  redial(endpoint: string): void {
    this.#again(endpoint);
  }

  #again(address: string): void {
    const target = this.#find(address);
    if (target === undefined || target.timer !== undefined) return;
    this.#hangUp(target.endpoint);
    target.timer = setTimeout(() => {
      target.timer = undefined;
      if (!this.#socket.closed) this.#dial(target);
    }, target.backoff.next()).unref();
  }

  #hangUp(endpoint: string): void {
    try {
      if (!this.#socket.closed) this.#socket.disconnect(endpoint);
    } catch {
      // libzmq has given it up already.
    }
  }

  /**
   * libzmq copies a socket's options at each connect, so that one socket may have many peers, each with a key of its own.
   * It doubles its waits, but 4.3.5 does not spread them: without a spread all sidecars of a VM, and all relays of a
   * cluster, would come at once.
   */
  #dial({ endpoint, curve, routingId }: Target): void {
    const socket = this.#socket;
    const { reconnectMin, reconnectMax } = this.#options;
    withoutWarnings(() => {
      const spread = 0.75 + Math.random() / 2;
      socket.reconnectInterval = Math.round(reconnectMin * spread);
      socket.reconnectMaxInterval = Math.round(reconnectMax * spread);
      if (curve === undefined) {
        // Takes CURVE back, if the last connect had it: no user name is no mechanism.
        socket.plainUsername = null;
      } else {
        socket.curvePublicKey = curve.keys.publicKey;
        socket.curveSecretKey = curve.keys.secretKey;
        socket.curveServerKey = curve.serverKey;
      }
      if (routingId === undefined) socket.connect(endpoint);
      else (socket as Router).connect(endpoint, { routingId });
    });
  }
}

/** zeromq.js warns, each time, that such an option counts from the next connect on: which is what it is set for. */
function withoutWarnings(act: () => void): void {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = () => {};
  try {
    act();
  } finally {
    if (own !== undefined) Object.defineProperty(process, 'emitWarning', own);
  }
}

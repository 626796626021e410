import { Router } from 'zeromq';
import { Dialer, type HandshakeRefusal, type RefusedHandshake } from '../cluster/curve/index.js';
import { canonicalEndpoint } from '../cluster/index.js';
import {
  formatReplayRequest,
  MAX_PAGE_BYTES,
  parseReplayAnswer,
  type ReplayPage,
  type ReplayRequest,
} from '../wire/index.js';
import type { Archive, PageAsked } from './archive.js';
import { RelayError } from './errors.js';
import type { Target } from './upstream.js';
import { Watch } from './watch.js';

/** A consolidator that is known for so long and has not answered is not waited for, ms. */
const SETTLE_MS = 2_000;

/** A page that has not come after so long is given up, ms. */
const PAGE_MS = 5_000;

/** Pages that one consolidator is asked for at a time; further ones wait here. */
const PAGES_AT_A_TIME = 8;

/** How often consolidators that are connected and have not said who they are, are asked again, ms. */
const HELLO_MS = 500;

/** As a subscription's connection: a VM that is back is found within a second. */
const RECONNECT = { reconnectMin: 100, reconnectMax: 300 } as const;

const LINK = {
  connectTimeout: 500,
  heartbeatInterval: 750,
  heartbeatTimeout: 5_000,
} as const;

interface Peer {
  readonly endpoint: string;
  /** The key that the consolidator there is to have. */
  readonly key: string | undefined;
  /** What messages to it are addressed with. */
  readonly id: string;
  /** Since when it has not answered, ms. */
  since: number;
  connected: boolean;
  /** The last attempt to connect came to nothing. */
  absent: boolean;
  /** The run that answers there. */
  node: string | undefined;
  /** Asked and not answered. */
  readonly pending: Map<number, Ask>;
  readonly waiting: Ask[];
}

interface Ask {
  readonly asked: PageAsked;
  readonly node: string;
  readonly resolve: (page: ReplayPage) => void;
  readonly reject: (error: Error) => void;
  timer?: NodeJS.Timeout;
}

export interface ReplayClientOptions {
  readonly maxBodyBytes: number;
  /** A run that answered at an endpoint is no more: another one answers there. */
  readonly onReplaced?: (node: string) => void;
  /** A handshake with a consolidator came to nothing: the first of a kind, and again if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
}

/**
 * One ROUTER socket that asks all consolidators, each by an address of this relay's own making: so a thousand VMs need
 * one socket, and an answer is known by where it came from.
 */
export class ReplayClient implements Archive {
  readonly nodes = new Map<string, { remembers: boolean; peer: Peer }>();
  readonly #socket: Router;
  readonly #dialer: Dialer;
  readonly #onReplaced: (node: string) => void;
  readonly #peers = new Map<string, Peer>();
  readonly #byEndpoint = new Map<string, Peer>();
  readonly #startedAt = performance.now();
  readonly #settling = new Watch();
  readonly #met = new Watch();
  readonly #hellos: NodeJS.Timeout;
  readonly #running: Promise<void>;
  #nextId = 1;

  constructor({ maxBodyBytes, onReplaced = () => {}, onRefused }: ReplayClientOptions) {
    this.#onReplaced = onReplaced;
    this.#socket = new Router({
      ...LINK,
      ipv6: true,
      maxMessageSize: 2 * Math.max(maxBodyBytes, MAX_PAGE_BYTES),
      sendTimeout: 0,
      mandatory: true,
      linger: 0,
    });
    this.#dialer = new Dialer(this.#socket, { ...RECONNECT, onRefused });
    this.#watch();
    this.#hellos = setInterval(() => this.#ask(), HELLO_MS).unref();
    this.#running = this.#receive();
  }

  /** Handshakes that came to nothing so far. */
  get refused(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#dialer.refused;
  }

  /** These are all consolidators from now on; one that stays keeps its connection. */
  follow(targets: readonly Target[]): void {
    if (this.#socket.closed) return;
    const wanted = new Map(targets.map((target) => [target.endpoint, target]));
    for (const peer of this.#peers.values()) {
      const target = wanted.get(peer.endpoint);
      if (target === undefined || target.curve?.serverKey !== peer.key) this.#disconnect(peer);
    }
    for (const target of wanted.values()) if (!this.#byEndpoint.has(target.endpoint)) this.#connect(target);
    this.#settle();
  }

  get isSettled(): boolean {
    if (this.#socket.closed) return true;
    const now = performance.now();
    if (this.#peers.size === 0) return now - this.#startedAt > SETTLE_MS;
    for (const { node, since, absent } of this.#peers.values()) {
      const isDue = !absent && now - since < SETTLE_MS;
      if (isDue && (node === undefined || !this.nodes.has(node))) return false;
    }
    return true;
  }

  settled(): Promise<void> {
    return this.#settling.until(() => this.isSettled, SETTLE_MS);
  }

  /** The run that answers at an endpoint, or answered there last. */
  nodeAt(endpoint: string): string | undefined {
    return this.#byEndpoint.get(endpoint)?.node;
  }

  met(node: string, ms: number): Promise<void> {
    return this.#met.until(() => this.nodes.has(node), ms);
  }

  page(node: string, asked: PageAsked): Promise<ReplayPage> {
    return new Promise((resolve, reject) => {
      const peer = this.nodes.get(node)?.peer;
      if (peer === undefined) return reject(gone(node));
      peer.waiting.push({ asked, node, resolve, reject });
      this.#next(peer);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#hellos);
    this.#dialer.close();
    this.#socket.close();
    for (const peer of this.#peers.values()) this.#lose(peer);
    this.#settle();
    await this.#running;
  }

  #connect({ endpoint, curve }: Target): void {
    const id = `c${this.#nextId++}`;
    const since = performance.now();
    const peer: Peer = {
      endpoint,
      key: curve?.serverKey,
      id,
      since,
      connected: false,
      absent: false,
      node: undefined,
      pending: new Map(),
      waiting: [],
    };
    this.#peers.set(id, peer);
    this.#byEndpoint.set(endpoint, peer);
    try {
      this.#dialer.connect(endpoint, curve, id);
    } catch {
      // What ZeroMQ cannot connect to is reported by the subscription's socket, whose neighbour this is.
      this.#forget(peer);
    }
  }

  #disconnect(peer: Peer): void {
    this.#forget(peer);
    this.#lose(peer);
    this.#dialer.disconnect(peer.endpoint);
  }

  #forget({ id, endpoint }: Peer): void {
    this.#peers.delete(id);
    this.#byEndpoint.delete(endpoint);
  }

  /** Its connection is gone; nobody knows who answers when it is back. */
  #lose(peer: Peer): void {
    if (peer.connected) peer.since = performance.now();
    else this.#miss(peer);
    peer.connected = false;
    if (peer.node !== undefined) this.nodes.delete(peer.node);
    const asks = [...peer.pending.values(), ...peer.waiting.splice(0)];
    peer.pending.clear();
    for (const { timer, node, reject } of asks) {
      clearTimeout(timer);
      reject(gone(node));
    }
  }

  /** A directory lists VMs for some time after they died: a reader that returns does not wait for them. */
  #miss(peer: Peer): void {
    peer.absent = true;
    this.#settle();
  }

  #watch(): void {
    const { events } = this.#socket;
    events.on('handshake', ({ address }) => {
      const peer = this.#byEndpoint.get(canonicalEndpoint(address));
      if (peer === undefined) return;
      peer.connected = true;
      peer.absent = false;
      this.#hello(peer);
    });
    events.on('disconnect', ({ address }) => {
      const peer = this.#byEndpoint.get(canonicalEndpoint(address));
      if (peer !== undefined) this.#lose(peer);
    });
    // An attempt was refused, or was not answered within `connectTimeout`.
    events.on('close', ({ address }) => {
      const peer = this.#byEndpoint.get(canonicalEndpoint(address));
      if (peer !== undefined && !peer.connected) this.#miss(peer);
    });
  }

  #ask(): void {
    for (const peer of this.#peers.values()) {
      if (peer.connected && (peer.node === undefined || !this.nodes.has(peer.node))) this.#hello(peer);
    }
  }

  #hello(peer: Peer): void {
    this.#send(peer, { kind: 'hello', id: this.#nextId++ });
  }

  #next(peer: Peer): void {
    while (peer.pending.size < PAGES_AT_A_TIME) {
      const ask = peer.waiting.shift();
      if (ask === undefined) return;
      const id = this.#nextId++;
      peer.pending.set(id, ask);
      ask.timer = setTimeout(() => this.#fail(peer, id, gone(ask.node)), PAGE_MS);
      this.#send(peer, { kind: 'page', id, ...ask.asked }, () => this.#fail(peer, id, gone(ask.node)));
    }
  }

  #fail(peer: Peer, id: number, error: Error): void {
    const ask = peer.pending.get(id);
    if (ask === undefined) return;
    clearTimeout(ask.timer);
    peer.pending.delete(id);
    ask.reject(error);
    this.#next(peer);
  }

  #send(peer: Peer, request: ReplayRequest, onError = () => {}): void {
    // libzmq tells of a handshake also behind the close, and on a closed socket `send` throws.
    if (this.#socket.closed) return;
    this.#socket.send([peer.id, formatReplayRequest(request)]).catch(onError);
  }

  async #receive(): Promise<void> {
    while (!this.#socket.closed) {
      let frames;
      try {
        frames = await this.#socket.receive();
      } catch (error) {
        if (this.#socket.closed) return;
        throw error;
      }
      const [id, ...rest] = frames;
      const peer = this.#peers.get(String(id));
      if (peer !== undefined) this.#take(peer, rest);
    }
  }

  #take(peer: Peer, frames: readonly Buffer[]): void {
    const answer = parseReplayAnswer(frames);
    if (answer === undefined) return;
    if (answer.kind === 'hello') return this.#meet(peer, answer.node, answer.remembers);
    const ask = peer.pending.get(answer.id);
    if (ask === undefined) return;
    // Another run may have taken its place while the question was on its way.
    const isGood = answer.kind === 'page' && answer.node === ask.node;
    if (!isGood) return this.#fail(peer, answer.id, gone(ask.node));
    clearTimeout(ask.timer);
    peer.pending.delete(answer.id);
    ask.resolve(answer);
    this.#next(peer);
  }

  #meet(peer: Peer, node: string, remembers: boolean): void {
    if (peer.node !== undefined && peer.node !== node) {
      this.nodes.delete(peer.node);
      this.#onReplaced(peer.node);
    }
    peer.node = node;
    this.nodes.set(node, { remembers, peer });
    this.#met.look();
    this.#settle();
  }

  #settle(): void {
    if (this.isSettled) this.#settling.look();
  }
}

function gone(node: string): RelayError {
  return new RelayError(
    'replay',
    `The consolidator ${node} does not answer: what it remembers cannot be had.`,
  );
}

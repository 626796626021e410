import { setImmediate as nextTurn } from 'node:timers/promises';
import { Subscriber, type SocketOptions } from 'zeromq';
import {
  Dialer,
  type CurveClient,
  type HandshakeRefusal,
  type RefusedHandshake,
} from '../cluster/curve/index.js';
import { canonicalEndpoint } from '../cluster/index.js';
import type { Archive } from './archive.js';
import { FairQueue } from './fair-queue.js';

/**
 * How long the loop may take messages in before HTTP gets a turn, ms. A receive that has messages waiting resolves as
 * a microtask: without a budget a flood would starve the writing side until hundreds of megabytes stood in buffers.
 */
const BUDGET_MS = 5;

/** What has been taken in and waits to be worked off, bytes, beyond which some of it is dropped. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/**
 * A VM that comes back is read again within a second, whatever took it away; all of these are ms.
 *
 * An attempt to connect to a machine that is not there is given up before TCP would repeat its SYN, which it does ever
 * more seldom. A machine that went without a word and is back at its address refuses the next heartbeat, and one that
 * was cut off is given up before TCP's repetitions are far apart.
 */
const LINK = {
  connectTimeout: 500,
  heartbeatInterval: 750,
  heartbeatTimeout: 5_000,
} as const;

/** The same holds for how soon it is tried again, ms: with the spread at most 375. */
const RECONNECT = { reconnectMin: 100, reconnectMax: 300 } as const;

/**
 * A SUB socket without a mark on what it sends, which are subscriptions. libzmq drops those above the mark in silence,
 * 1,000 by default, when it tells a new connection of them: a relay with more streams would not hear of some.
 */
class StreamSubscriber extends Subscriber {
  constructor(options: SocketOptions<Subscriber>) {
    super(options);
    this.setInt32Option(ZMQ_SNDHWM, 0);
  }
}

const ZMQ_SNDHWM = 23;

/** Where a relay's messages come from; an in-memory twin serves the tests of what stands behind it. */
export interface Upstream {
  /** Consolidators connected now. */
  readonly connected: number;
  /** Where the recent past can be asked for. */
  readonly archive?: Archive;
  subscribe(prefix: string): void;
  unsubscribe(prefix: string): void;
  close(): Promise<void>;
}

/** Where a consolidator is, and how to speak to it. */
export interface Target {
  readonly endpoint: string;
  readonly curve?: CurveClient;
}

/** An upstream whose consolidators come and go. */
export interface ZmqUpstream extends Upstream {
  /** Handshakes that came to nothing so far. */
  readonly refused: Readonly<Record<HandshakeRefusal, number>>;
  /** Messages that were dropped, having waited in vain: those of whoever had most of them waiting. */
  readonly passedOver: number;
  /**
   * These are all endpoints from now on; one that stays keeps its connection. Answers those that libzmq refuses.
   *
   * @param targets endpoints in their canonical spelling, and with addresses: libzmq would look a name up in the one thread that
   *   serves all connections, and what it then says of it could not be told from another's
   */
  follow(targets: readonly Target[]): readonly string[];
}

export interface UpstreamOptions {
  readonly maxBodyBytes: number;
  readonly receiveHwm: number;
  /** Called with the frames of each message, in order. */
  readonly onMessage: (frames: readonly Buffer[]) => void;
  /** The number of connected consolidators changed. */
  readonly onStatus: (connected: number) => void;
  /** This run of a consolidator has ended: another answers in its place. */
  readonly onReplaced?: (node: string) => void;
  /** The connection to this run is gone: what it sends until there is one again does not come. */
  readonly onCut?: (node: string) => void;
  /** A handshake with a consolidator came to nothing: the first of a kind, and again if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
}

/** As {@link UpstreamOptions}, of the subscriptions alone: who is at the other end is not known here. */
export interface SubscriberOptions extends Omit<UpstreamOptions, 'onReplaced' | 'onCut'> {
  /** A connection is gone, by itself or as it is not wanted any more. */
  readonly onCut?: (endpoint: string) => void;
}

/** One SUB socket for all consolidators; it is connected to none yet. */
export function connectUpstream(options: SubscriberOptions): ZmqUpstream {
  return new SubscriberUpstream(options);
}

class SubscriberUpstream implements ZmqUpstream {
  readonly #options: SubscriberOptions;
  readonly #socket: Subscriber;
  readonly #dialer: Dialer;
  /** By endpoint, the key that the consolidator there is to have. */
  readonly #targets = new Map<string, string | undefined>();
  readonly #connected = new Set<string>();
  readonly #backlog = new FairQueue(MAX_BACKLOG_BYTES);
  readonly #running: Promise<void>;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#socket = new StreamSubscriber({
      receiveHighWaterMark: options.receiveHwm,
      maxMessageSize: options.maxBodyBytes * 2,
      ...LINK,
      // Both families.
      ipv6: true,
      linger: 0,
    });
    this.#dialer = new Dialer(this.#socket, { ...RECONNECT, onRefused: options.onRefused });
    this.#watch();
    this.#running = this.#receive();
  }

  get connected(): number {
    return this.#connected.size;
  }

  get refused(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#dialer.refused;
  }

  get passedOver(): number {
    return this.#backlog.dropped;
  }

  follow(targets: readonly Target[]): readonly string[] {
    if (this.#socket.closed) return [];
    const wanted = new Map(targets.map((target) => [target.endpoint, target]));
    for (const [endpoint, key] of this.#targets) {
      const target = wanted.get(endpoint);
      if (target === undefined || target.curve?.serverKey !== key) this.#disconnect(endpoint);
    }
    return [...wanted.values()]
      .filter((target) => !this.#targets.has(target.endpoint) && !this.#connect(target))
      .map(({ endpoint }) => endpoint);
  }

  subscribe(prefix: string): void {
    this.#socket.subscribe(prefix);
  }

  unsubscribe(prefix: string): void {
    this.#socket.unsubscribe(prefix);
  }

  async close(): Promise<void> {
    this.#dialer.close();
    this.#socket.close();
    await this.#running;
  }

  #connect({ endpoint, curve }: Target): boolean {
    try {
      this.#dialer.connect(endpoint, curve);
    } catch {
      return false;
    }
    this.#targets.set(endpoint, curve?.serverKey);
    return true;
  }

  /** libzmq tells of no end that it was asked for. */
  #disconnect(endpoint: string): void {
    this.#dialer.disconnect(endpoint);
    this.#targets.delete(endpoint);
    this.#options.onCut?.(endpoint);
    this.#count(() => this.#connected.delete(endpoint));
  }

  #watch(): void {
    const { events } = this.#socket;
    events.on('handshake', ({ address }) => {
      const endpoint = canonicalEndpoint(address);
      // News of an endpoint that was given up a moment ago may still be on its way.
      if (this.#targets.has(endpoint)) this.#count(() => this.#connected.add(endpoint));
    });
    events.on('disconnect', ({ address }) => {
      const endpoint = canonicalEndpoint(address);
      if (this.#targets.has(endpoint)) this.#options.onCut?.(endpoint);
      this.#count(() => this.#connected.delete(endpoint));
    });
  }

  #count(act: () => void): void {
    const before = this.#connected.size;
    act();
    if (this.#connected.size !== before) this.#options.onStatus(this.#connected.size);
  }

  /** Hot: once a message. */
  async #receive(): Promise<void> {
    let turnEnds = performance.now() + BUDGET_MS;
    while (!this.#socket.closed) {
      const frames = await this.#take();
      if (frames === undefined) return;
      this.#options.onMessage(frames);
      if (performance.now() < turnEnds) continue;
      await this.#workOff();
      turnEnds = performance.now() + BUDGET_MS;
    }
  }

  /** Takes in what waits and works it off tenant by tenant, until nothing does. */
  async #workOff(): Promise<void> {
    const { onMessage } = this.#options;
    const backlog = this.#backlog;
    await nextTurn();
    while (!this.#socket.closed && (this.#socket.readable || !backlog.isEmpty)) {
      let now = performance.now();
      let turnEnds = now + BUDGET_MS;
      while (!this.#socket.closed && this.#socket.readable && now < turnEnds && !backlog.isFull(now)) {
        const frames = await this.#take();
        if (frames !== undefined) backlog.push(frames, now);
        now = performance.now();
      }
      turnEnds = performance.now() + BUDGET_MS;
      do {
        const frames = backlog.shift();
        if (frames === undefined) break;
        onMessage(frames);
      } while (performance.now() < turnEnds);
      await nextTurn();
    }
  }

  /** The next message; undefined once it is closed. */
  async #take(): Promise<Buffer[] | undefined> {
    try {
      return await this.#socket.receive();
    } catch (error) {
      if (this.#socket.closed) return undefined;
      throw error;
    }
  }
}

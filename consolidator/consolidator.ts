import { setImmediate as nextTurn } from 'node:timers/promises';
import type { XPublisher, XSubscriber } from 'zeromq';
import type { HandshakeRefusal } from '../cluster/curve/index.js';
import {
  observeConsolidator,
  observeHandshakes,
  observeRecent,
  observeSubscriptions,
} from '../telemetry/index.js';
import {
  formatLedger,
  formatMark,
  formatPresence,
  formatSubscription,
  parseSubscription,
  PRESENCE_PREFIX,
  type Mark,
  type ReplayAnswer,
  type ReplayRequest,
  type Subscription,
} from '../wire/index.js';
import { acceptOnly } from './claims.js';
import { DOORS, Guards, type Door, type GuardHooks } from './guards.js';
import { Intake, type IntakeStats } from './intake.js';
import { checkForm, closeListening, listen, refuseOpen } from './listen.js';
import {
  replayBeside,
  resolveConsolidatorOptions,
  type ConsolidatorOptions,
  type ResolvedConsolidatorOptions,
} from './options.js';
import { Recent } from './recent.js';
import { ReplaySocket, type ReplayStats } from './replay.js';
import { createIn, createOut } from './sockets.js';
import { Subscriptions } from './subscriptions.js';

/**
 * How long the pump may run before timers and other sockets get a turn, ms. A receive that has messages waiting
 * resolves as a microtask, so without a budget a flood starves everything else in the process.
 */
const BUDGET_MS = 5;

const SWEEP_MS = 10_000;

/**
 * What libzmq may hold of subscriptions that are none of ours before the relays are cut off to be rid of it, bytes: nobody
 * can take one back that a peer has made.
 */
const MAX_BALLAST_BYTES = 64 * 1024 * 1024;

/** Told of what an operator should know. */
export interface ConsolidatorHooks extends GuardHooks {
  /** Peers subscribed to so much that is of no use that all of them were cut off. @param refused streams, so far */
  readonly onSubscriptionFlood?: (refused: number) => void;
}

export interface Consolidator {
  /** Id of this run. */
  readonly node: string;
  /** The endpoints really bound, with the port that the system chose where 0 or `*` was asked for. */
  readonly publish: string;
  readonly subscribe: string;
  readonly replay: string;
  /** The public key by which sidecars and relays know it, in Z85, where it speaks CURVE. */
  readonly curveKey: string | undefined;
  readonly stats: Readonly<IntakeStats>;
  /** What was answered out of memory. */
  readonly replays: Readonly<ReplayStats>;
  /** Bytes of the recent past that are remembered now, and of how many topics. */
  readonly recent: { readonly bytes: number; readonly topics: number };
  /** Peers that were not let in. */
  readonly refusedHandshakes: Readonly<Record<HandshakeRefusal, number>>;
  /** Streams that relays asked for beyond the most that it passes on. */
  readonly refusedSubscriptions: number;
  /** Sources followed now. */
  readonly sources: number;
  /** Stops taking in, lets relays have what was taken, and closes. Idempotent. */
  close(): Promise<void>;
}

/**
 * Binds its sockets and pumps until closed.
 *
 * @throws {ConsolidatorError} where an endpoint cannot be bound, or would be open to others
 * @throws {ClusterError} `key` where a key or an allow-list cannot be used
 */
export async function startConsolidator(
  options: ConsolidatorOptions = {},
  hooks: ConsolidatorHooks = {},
): Promise<Consolidator> {
  const resolved = resolveConsolidatorOptions(options);
  const { curveSecretKey, curveAllowPublish, curveAllowSubscribe, curveAllowReplay } = resolved;
  const allow = { publish: curveAllowPublish, subscribe: curveAllowSubscribe, replay: curveAllowReplay };
  const guards = await Guards.open({ secretKey: curveSecretKey, allow }, hooks);
  const pump = new Pump(resolved, guards, hooks);
  await pump.start();
  return pump;
}

/**
 * The pump: XSUB takes in from the sidecars, XPUB gives out to the relays, subscriptions go the other way.
 *
 * XPUB drops for a relay that falls behind its mark and for no other, silently; that relay finds each such loss in the
 * ledgers. `noDrop` would be wrong here: one full pipe would refuse the message for all.
 */
class Pump implements Consolidator {
  readonly #options: ResolvedConsolidatorOptions;
  readonly #guards: Guards;
  readonly #hooks: ConsolidatorHooks;
  readonly #intake: Intake;
  #in: XSubscriber;
  #out: XPublisher;
  /** Undefined where nothing is remembered. */
  readonly #recent: Recent | undefined;
  readonly #replay = new ReplaySocket((request) => this.#answer(request));
  /** What the relays ask for. libzmq hands up every subscription of a prefix and the last unsubscription. */
  readonly #wanted: Subscriptions;
  readonly #lingering = new Map<string, NodeJS.Timeout>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #publish = '';
  #subscribe = '';
  #closing: Promise<void> | undefined;
  /** Sockets that are being opened anew, one after the other. */
  #opening: Promise<void> = Promise.resolve();
  #records: Promise<void> | undefined;
  #subscriptions: Promise<void> | undefined;
  #unobserve = () => {};

  constructor(options: ResolvedConsolidatorOptions, guards: Guards, hooks: ConsolidatorHooks) {
    this.#options = options;
    this.#guards = guards;
    this.#hooks = hooks;
    this.#wanted = new Subscriptions(options.maxSubscriptions);
    this.#recent = this.#options.recentBytes > 0 ? new Recent(this.#options) : undefined;
    // Memory reads everything.
    const isRead = this.#recent ? () => true : (topic: string) => this.#wanted.covers(topic);
    this.#intake = new Intake({ ...this.#options, accepts: acceptOnly(options.accept), isRead });
    this.#in = createIn(options);
    this.#out = createOut(options);
    this.#sweeper = setInterval(() => this.#intake.sweep(performance.now()), SWEEP_MS).unref();
  }

  get node(): string {
    return this.#intake.node;
  }

  get publish(): string {
    return this.#publish;
  }

  get subscribe(): string {
    return this.#subscribe;
  }

  get replay(): string {
    return this.#replay.endpoint;
  }

  get curveKey(): string | undefined {
    return this.#guards.publicKey;
  }

  get stats(): Readonly<IntakeStats> {
    return this.#intake.stats;
  }

  get replays(): Readonly<ReplayStats> {
    return this.#replay.stats;
  }

  get recent(): { bytes: number; topics: number } {
    return { bytes: this.#recent?.bytes ?? 0, topics: this.#recent?.topics ?? 0 };
  }

  get refusedHandshakes(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#guards.refused;
  }

  get refusedSubscriptions(): number {
    return this.#wanted.refused;
  }

  get sources(): number {
    return this.#intake.sources;
  }

  async start(): Promise<void> {
    const { publish, subscribe, replay, insecure } = this.#options;
    try {
      for (const door of DOORS) {
        checkForm(this.#options[door], door);
        if (!insecure && !this.#guards.isClosed(door)) refuseOpen(this.#options[door], door);
      }
      await this.#guards.apply(this.#in, 'publish');
      await this.#guards.apply(this.#out, 'subscribe');
      await this.#ask(this.#in, this.#asked);
      await this.#listenForReplay(replay);
      this.#subscribe = await listen(this.#out, subscribe, 'subscribe');
      this.#publish = await listen(this.#in, publish, 'publish');
    } catch (error) {
      clearInterval(this.#sweeper);
      this.#in.close();
      this.#out.close();
      await this.#replay.close();
      await this.#guards.close();
      throw error;
    }
    const stops = [
      observeConsolidator(this),
      observeRecent(this),
      observeHandshakes('consolidator', this.#guards.refused),
      observeSubscriptions(this.#wanted),
    ];
    this.#unobserve = () => stops.forEach((stop) => stop());
    this.#guards.onRevoked = (door) => void this.#openAnew(door);
    this.#records = this.#pumpRecords();
    this.#subscriptions = this.#pumpSubscriptions();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      clearInterval(this.#sweeper);
      await this.#opening;
      for (const timer of this.#lingering.values()) clearTimeout(timer);
      // The way in first, so that nothing is accepted that could no longer be forwarded; then the way out, which
      // lingers until the relays have taken what is in its pipes.
      await closeListening(this.#in);
      await this.#records;
      await this.#replay.close();
      await closeListening(this.#out);
      await this.#subscriptions;
      await this.#guards.close();
      this.#unobserve();
    })();
    return this.#closing;
  }

  /** Hot: once a message. */
  async #pumpRecords(): Promise<void> {
    let turnEnds = performance.now() + BUDGET_MS;
    for (;;) {
      const frames = await this.#receive(this.#in);
      if (frames === undefined) {
        if (this.#closing) return;
        await this.#opening;
        continue;
      }
      const now = performance.now();
      const accepted = this.#intake.accept(frames, now);
      if (accepted !== undefined) {
        this.#recent?.add(accepted);
        // libzmq would find out for itself that nobody reads it, at the price of a message. And between two sockets for
        // the relays there is none; they find in the numbers what they missed.
        if (!this.#out.closed && (!this.#recent || this.#wanted.covers(accepted.name)))
          await this.#out.send([frames[0] as Buffer, accepted.body, formatLedger(accepted.ledger)]);
      }
      if (now < turnEnds) continue;
      await nextTurn();
      turnEnds = performance.now() + BUDGET_MS;
    }
  }

  /** Passes the relays' subscriptions on to the sidecars, so that only what somebody reads is sent at all. */
  async #pumpSubscriptions(): Promise<void> {
    let turnEnds = performance.now() + BUDGET_MS;
    for (;;) {
      if (this.#wanted.ballast > MAX_BALLAST_BYTES) await this.#endFlood();
      if (performance.now() > turnEnds) {
        await nextTurn();
        turnEnds = performance.now() + BUDGET_MS;
      }
      const frames = await this.#receive(this.#out);
      if (frames === undefined) {
        if (this.#closing) return;
        await this.#opening;
        continue;
      }
      const subscription = frames[0] && parseSubscription(frames[0]);
      if (!subscription || this.#closing) continue;
      const { subscribe, prefix } = subscription;
      if (!subscribe) {
        if (this.#wanted.has(prefix)) this.#linger(prefix);
        continue;
      }
      const isKnown = this.#cancelLinger(prefix) || this.#wanted.has(prefix);
      if (!isKnown && !this.#wanted.apply(subscription)) continue;
      if (prefix !== '' && !this.#out.closed) await this.#out.send(formatMark(this.#mark(prefix)));
      if (!isKnown && !this.#recent) await this.#tell(subscription);
    }
  }

  #mark(prefix: string): Mark {
    const holds = this.#recent?.holds(prefix) ?? false;
    const up = Math.round(performance.now() - this.#startedAt);
    return this.#intake.mark(prefix, { at: Date.now(), holds, up });
  }

  async #endFlood(): Promise<void> {
    await this.#openAnew('subscribe');
    this.#wanted.dropBallast();
    if (!this.#closing) this.#hooks.onSubscriptionFlood?.(this.#wanted.refused);
  }

  /**
   * Cuts off whoever is connected at a door, since libzmq closes no single connection, and forgets none of what one asked
   * for. The honest are back within a second, and what they miss the numbers tell.
   */
  #openAnew(door: Door): Promise<void> {
    this.#opening = this.#opening.then(() => {
      if (this.#closing) return;
      if (door === 'publish') return this.#openIn();
      if (door === 'subscribe') return this.#openOut();
      return this.#listenForReplay(this.#replay.endpoint);
    });
    return this.#opening;
  }

  async #openOut(): Promise<void> {
    // A relay that comes back finds what it asked for lingering.
    for (const prefix of this.#wanted) this.#linger(prefix);
    this.#out.linger = 0;
    await closeListening(this.#out);
    const out = createOut(this.#options);
    await this.#guards.apply(out, 'subscribe');
    await listen(out, this.#subscribe, 'subscribe');
    // Not before: a socket that is about to bind refuses to send.
    this.#out = out;
  }

  async #openIn(): Promise<void> {
    await closeListening(this.#in);
    const socket = createIn(this.#options);
    await this.#guards.apply(socket, 'publish');
    const asked = this.#asked;
    await this.#ask(socket, asked);
    await listen(socket, this.#publish, 'publish');
    this.#in = socket;
    // Relays came and went meanwhile.
    const now = this.#asked;
    await this.#ask(socket, without(now, asked));
    await this.#ask(socket, without(asked, now), false);
  }

  #listenForReplay(endpoint: string): Promise<void> {
    // Who named no port for it hears of the one that it follows from.
    const { subscribe, replay } = this.#options;
    const isBeside = replay === replayBeside(subscribe);
    const option = isBeside ? 'subscribe, which takes its port and the next' : 'replay';
    return this.#replay.listen(endpoint, option, (socket) => this.#guards.apply(socket, 'replay'));
  }

  /** What sidecars are asked for. */
  get #asked(): string[] {
    return [...(this.#recent ? [''] : this.#wanted), formatPresence(this.node), PRESENCE_PREFIX];
  }

  async #ask(socket: XSubscriber, prefixes: Iterable<string>, subscribe = true): Promise<void> {
    for (const prefix of prefixes) await socket.send(formatSubscription({ subscribe, prefix }));
  }

  /** Between two sockets for the sidecars there is none; the next one asks for all. */
  async #tell({ prefix, subscribe }: Subscription): Promise<void> {
    if (!this.#in.closed) await this.#ask(this.#in, [prefix], subscribe);
  }

  /**
   * The last relay that read this stream has left, or lost its connection: nobody can tell which. The sidecars go on for
   * a while, so that one that comes back finds in the numbers what it missed. Bounded by what relays subscribe to.
   */
  #linger(prefix: string): void {
    this.#cancelLinger(prefix);
    const timer = setTimeout(() => void this.#leave(prefix), this.#options.readerLinger);
    this.#lingering.set(prefix, timer.unref());
  }

  /** Answers whether the stream was lingering, so that the sidecars still have its subscription. */
  #cancelLinger(prefix: string): boolean {
    clearTimeout(this.#lingering.get(prefix));
    return this.#lingering.delete(prefix);
  }

  async #leave(prefix: string): Promise<void> {
    this.#lingering.delete(prefix);
    const subscription = { subscribe: false, prefix };
    if (this.#closing || !this.#wanted.apply(subscription) || this.#recent) return;
    await this.#tell(subscription);
    this.#intake.leave(prefix, (topic) => this.#wanted.covers(topic));
  }

  #answer(request: ReplayRequest): ReplayAnswer {
    const { node, offset } = this.#intake;
    const recent = this.#recent;
    if (request.kind === 'hello') return { ...request, node, remembers: recent !== undefined };
    if (recent === undefined) return { kind: 'refused', id: request.id, node };
    return recent.page(request, node, offset);
  }

  /** The frames of the next message; undefined once the socket is closed, when it answers with one error or another. */
  async #receive(socket: XPublisher | XSubscriber): Promise<Buffer[] | undefined> {
    try {
      return await socket.receive();
    } catch (error) {
      if (this.#closing || socket.closed) return undefined;
      throw error;
    }
  }
}

function without(all: readonly string[], those: readonly string[]): string[] {
  const others = new Set(those);
  return all.filter((one) => !others.has(one));
}

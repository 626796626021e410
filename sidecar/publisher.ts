import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { XPublisher } from 'zeromq';
import { Dialer } from '../cluster/curve/dialer.js';
import type { HandshakeRefusal, RefusedHandshake } from '../cluster/curve/handshakes.js';
import { formatLedger, type Ledger, type Origin } from '../wire/ledger.js';
import { parseSubscription, type Subscription } from '../wire/subscription.js';
import { formatTopic } from '../wire/topic.js';
import type { Batch } from './batch.js';
import { SidecarError } from './errors.js';
import { Interest, type InterestState } from './interest.js';
import type { ResolvedSidecarOptions } from './options.js';
import { RecordQueue } from './queue.js';
import { wholeTurn } from './turn.js';

/**
 * Messages in libzmq's own pipe: small, since what is in there is out of this process's hands. Backlogs belong in the
 * {@link RecordQueue}, which counts what it drops, and leave it in full messages.
 */
const SEND_HWM = 64;

/** A full pipe answers EAGAIN; XPUB has no event for "writable again", so it is asked once a millisecond. */
const RETRY_MS = 1;

/** A ledger says where the account of its source begins for so long, ms. */
const YOUNG_MS = 60_000;

/** First and longest wait between two attempts to connect, ms. */
const RECONNECT = { reconnectMin: 100, reconnectMax: 1_000 } as const;

/** An attempt to connect is given up after so long, before TCP would repeat its own ever more seldom, ms. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A peer that is there at the end gets so long on top of the flush timeout, and no longer than that once more, ms. */
const FAREWELL_MS = 1_000;

/** Longest message that a peer may send, bytes: a subscription or a handshake is far shorter. */
const MAX_PEER_MESSAGE_BYTES = 4_096;

/**
 * What libzmq may hold of the peer's subscriptions before the connection is cut to be rid of them, bytes: twice what a
 * consolidator without a memory asks for at most, where names have thirty characters. It frees them with the connection
 * only.
 */
const MAX_SUBSCRIPTION_BYTES = 128 * 1024 * 1024;

/** What it holds of one, roughly: some 400 bytes, and 32 for each byte that it shares with no other. */
const FIXED_BYTES = 400;
const BYTES_PER_BYTE = 32;

export interface PublisherEvents {
  /** The state of {@link Interest} changed. */
  readonly onInterest?: (state: InterestState) => void;
  /** The queue is below its mark: something was sent, or nobody reads and it was emptied. */
  readonly onDrain?: () => void;
  /** A handshake with the consolidator came to nothing: the first of a kind, and again if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
  /** The consolidator subscribed to so much that it was cut off. */
  readonly onSubscriptionFlood?: () => void;
  /** The connection to the consolidator is there, or is gone. */
  readonly onLink?: (isUp: boolean) => void;
}

/** What a run sent and did not. */
export interface PublisherStats {
  /** Records handed to the socket. */
  readonly sent: number;
  /** Records that were built and held while it was not known whether somebody reads, and then nobody did. */
  readonly unread: number;
  /** Records that the queue dropped and no ledger told of. */
  readonly untold: number;
  readonly messages: number;
  /** Body bytes handed to the socket. */
  readonly bytes: number;
}

/**
 * Empties the queue into an XPUB socket that is connected to the consolidator.
 *
 * XPUB rather than PUB: it sees the consolidator's subscriptions arrive, so nothing is sent into the void before the
 * first of them (the slow-joiner problem) and nothing at all while nobody asks. `noDrop` makes a full pipe an EAGAIN
 * instead of a silent loss, which is right for a socket with one peer.
 */
export class Publisher {
  readonly queue: RecordQueue;
  readonly #options: ResolvedSidecarOptions;
  readonly #events: PublisherEvents;
  readonly #socket: XPublisher;
  readonly #dialer: Dialer;
  readonly #interest: Interest;
  readonly #src = randomUUID();
  readonly #topic: Buffer;
  readonly #heartbeat: NodeJS.Timeout;
  #sending = false;
  #closed = false;
  #closing: Promise<number> | undefined;
  /** Number and losses right behind the last record that was handed over or given up: where an account may start. */
  #base = { first: 0, lost: 0 };
  /** Where the present account began; undefined while nobody reads. */
  #origin: { first: number; lost: number; at: number; node: string | undefined } | undefined;
  /** Of the queue's losses, those that a ledger told of or that nobody was there to miss. */
  #told = 0;
  #sent = 0;
  #unread = 0;
  #messages = 0;
  #bytes = 0;
  /** What libzmq holds of the peer's subscriptions at worst, bytes. */
  #subscriptionBytes = 0;

  constructor(options: ResolvedSidecarOptions, events: PublisherEvents = {}) {
    this.#options = options;
    this.#events = events;
    this.queue = new RecordQueue(options);
    const topic = formatTopic(options.topic);
    this.#topic = Buffer.from(topic, 'latin1');
    this.#socket = new XPublisher({
      noDrop: true,
      verbosity: 'allSubsUnsubs',
      sendTimeout: 0,
      sendHighWaterMark: SEND_HWM,
      linger: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      heartbeatInterval: 5_000,
      heartbeatTimeout: 15_000,
      immediate: false,
      maxMessageSize: MAX_PEER_MESSAGE_BYTES,
    });
    this.#interest = new Interest({
      topic,
      hold: options.hold,
      onChange: (state) => this.#onInterest(state),
    });
    this.#dialer = new Dialer(this.#socket, { ...RECONNECT, onRefused: events.onRefused });
    this.#watch();
    try {
      this.#dialer.connect(options.to, options.curve);
    } catch (cause) {
      this.#socket.close();
      throw new SidecarError(
        'endpoint',
        `Cannot connect to ${JSON.stringify(options.to)}: give a ZeroMQ endpoint such as tcp://127.0.0.1:5555.`,
        { cause },
      );
    }
    void this.#readSubscriptions();
    this.#heartbeat = setInterval(() => void this.#beat(), options.heartbeat).unref();
  }

  get interest(): InterestState {
    return this.#interest.state;
  }

  /** Handshakes that came to nothing so far. */
  get refused(): Readonly<Record<HandshakeRefusal, number>> {
    return this.#dialer.refused;
  }

  get stats(): PublisherStats {
    const untold = Math.max(0, this.queue.lost - this.#told);
    return { sent: this.#sent, unread: this.#unread, untold, messages: this.#messages, bytes: this.#bytes };
  }

  /** Sends what is queued, if somebody reads; called after each push. */
  kick(): void {
    if (this.#interest.state === 'unread') this.#discard();
    if (this.#sending || this.#closed || this.#interest.state !== 'read' || this.queue.records === 0) return;
    this.#sending = true;
    void this.#send();
  }

  /**
   * Waits until the queue is empty, says `fin`, and closes; at the latest after the flush timeout and, for a peer that
   * is there and slow, a second to take its leave. Answers how many records had to be given up, which is 0 for a run that nobody reads. Idempotent.
   */
  close(): Promise<number> {
    this.#closing ??= this.#flush();
    return this.#closing;
  }

  async #flush(): Promise<number> {
    const deadline = performance.now() + this.#options.flushTimeout;
    const remaining = () => deadline - performance.now();
    this.kick();
    // A batch whose send is under way is in neither the queue nor the socket.
    while ((this.queue.records > 0 || this.#sending) && remaining() > 0) {
      await sleep(RETRY_MS);
      this.kick();
    }
    const abandoned = this.queue.clear();
    // Who is there, and slow, gets a moment on top to take what libzmq holds: with the last of it the account would end
    // without a number.
    const grace = Math.min(FAREWELL_MS, this.#options.flushTimeout);
    const isThere = this.#interest.state === 'read';
    if (isThere) {
      const fin = this.#emptyLedger({ lost: this.queue.lost + abandoned, fin: true });
      while (!(await this.#trySend(fin)) && remaining() > -grace) await sleep(RETRY_MS);
    }
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#interest.close();
    this.#dialer.close();
    this.#socket.linger = Math.ceil(Math.max(MIN_LINGER_MS, isThere ? grace : 0, remaining()));
    this.#socket.close();
    return abandoned;
  }

  #onInterest(state: InterestState): void {
    if (state === 'read') void this.#greet();
    else if (state === 'unread') this.#discard();
    this.#events.onInterest?.(state);
  }

  /** Nobody reads: what was held in case somebody does is unread, and an account starts behind it. */
  #discard(): void {
    this.#unread += this.queue.clear();
    this.#base = { first: this.queue.next, lost: this.queue.lost };
    this.#told = this.queue.lost;
    this.#origin = undefined;
    this.#events.onDrain?.();
  }

  /**
   * The first message to a peer that begins to read is a heartbeat with the number that its account is to start from.
   * Without it a new receiver would take the first batch as its baseline, and records that were dropped before that,
   * while the connection was still coming up, would vanish unseen.
   */
  async #greet(): Promise<void> {
    const { first, lost } = this.#base;
    this.#origin ??= { first, lost, at: Date.now(), node: undefined };
    // The socket takes it before this call returns, so no batch can come first.
    await this.#trySend(this.#emptyLedger(this.#base));
    this.kick();
  }

  async #send(): Promise<void> {
    try {
      while (!this.#closed && this.#interest.state === 'read') {
        const batch = this.queue.take(this.#options.batchBytes);
        if (batch === undefined) break;
        if (await this.#trySend(this.#ledgerOf(batch), batch.body)) {
          this.#base = { first: batch.first + batch.count, lost: batch.lost };
          this.#sent += batch.count;
          this.#messages += 1;
          this.#bytes += batch.body.length;
          if (!this.queue.full) this.#events.onDrain?.();
        } else {
          this.queue.putBack(batch);
          await sleep(RETRY_MS);
        }
      }
    } finally {
      // In the same step as the last look at the queue: what is pushed from here on is sent by its own kick.
      this.#sending = false;
    }
    this.kick();
  }

  /** False where the pipe is full. */
  async #trySend(ledger: Ledger, body: Buffer = EMPTY): Promise<boolean> {
    try {
      await this.#socket.send([this.#topic, body, formatLedger(ledger)]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
    this.#told = Math.max(this.#told, ledger.lost);
    if (!this.#closed) this.#heartbeat.refresh();
    return true;
  }

  /** Tells, when nothing else did for a while, how far the source is; so a loss at the very end is seen as well. */
  async #beat(): Promise<void> {
    if (this.#interest.state !== 'read' || this.queue.records > 0 || this.#sending) return;
    await this.#trySend(this.#emptyLedger({}));
  }

  #ledgerOf({ first, count, lost, at }: Batch): Ledger {
    const ledger = { v: 1, src: this.#src, first, count, lost, at, beat: this.#options.heartbeat } as const;
    const origin = this.#youngOrigin();
    return origin ? { ...ledger, origin } : ledger;
  }

  /** Where the account begins, for its first minute: a consolidator that dies before it has handed it on takes it along. */
  #youngOrigin(): Origin | undefined {
    if (this.#origin === undefined) return undefined;
    const { first, lost, at } = this.#origin;
    if (Date.now() - at > YOUNG_MS) return undefined;
    // It may say who it is a moment after it has asked.
    const node = (this.#origin.node ??= this.#interest.node);
    return node === undefined ? undefined : [first, lost, at, node];
  }

  #emptyLedger(fields: Partial<Ledger>): Ledger {
    const { next, lost } = this.queue;
    const origin = this.#youngOrigin();
    return {
      ...(origin && { origin }),
      v: 1,
      src: this.#src,
      first: next,
      count: 0,
      lost,
      at: Date.now(),
      beat: this.#options.heartbeat,
      ...fields,
    };
  }

  #watch(): void {
    const { events } = this.#socket;
    events.on('handshake', () => {
      this.#interest.connected();
      this.#events.onLink?.(true);
    });
    events.on('disconnect', () => {
      this.#interest.disconnected();
      if (!this.#closed) this.#events.onLink?.(false);
    });
  }

  /** Not from zero after a lost connection: libzmq keeps the peer's subscriptions over that. */
  #weigh({ subscribe, prefix }: Subscription): void {
    const bytes = FIXED_BYTES + BYTES_PER_BYTE * prefix.length;
    this.#subscriptionBytes = Math.max(0, this.#subscriptionBytes + (subscribe ? bytes : -bytes));
    if (this.#subscriptionBytes <= MAX_SUBSCRIPTION_BYTES) return;
    this.#subscriptionBytes = 0;
    this.#dialer.redial(this.#options.to);
    // libzmq tells of no end that it was asked for.
    this.#interest.disconnected();
    this.#events.onSubscriptionFlood?.();
  }

  async #readSubscriptions(): Promise<void> {
    try {
      for await (const [frame] of this.#socket) {
        const subscription = frame && parseSubscription(frame);
        if (subscription !== undefined) this.#weigh(subscription);
        this.#interest.heard();
        if (!subscription || !this.#interest.concerns(subscription)) continue;
        // Connections are told of on another socket. In a process that was held up both are waiting, and the one
        // looked at first must not be this: a subscription would then be taken for one of the connection before.
        await wholeTurn();
        this.#interest.subscription(subscription);
      }
    } catch (error) {
      // The loop ends with the socket; anything else is a fault of ours and must be seen.
      if (!this.#closed) throw error;
    }
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * libzmq 4.3.5 aborts the process (session_base.cpp:233) when a socket with multi-frame messages in its pipe closes with a
 * linger of some 2 ms or less at the moment its peer disconnects; with 20 ms and more it was not seen in 300 rounds.
 */
const MIN_LINGER_MS = 100;

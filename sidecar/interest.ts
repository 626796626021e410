import { wholeTurn } from './turn.js';
import { parsePresence, PRESENCE_PREFIX, type Subscription } from '../wire/subscription.js';

/**
 * Whether somebody wants this sidecar's records.
 *
 * - `unknown`: the connection is not up, or so young that its subscriptions may still be on the way. Records are
 *   built and held in the queue, since a reader may be waiting.
 * - `read`: a subscription covers the topic.
 * - `unread`: the consolidator is there and nothing it asks for covers the topic. Lines are counted, no more.
 */
export type InterestState = 'unknown' | 'read' | 'unread';

/** A consolidator sends its subscriptions in one burst; so long after its presence mark they are all in, ms. */
export const SETTLE_MS = 50;

/** A peer without a presence mark (a plain ZeroMQ proxy) gets so long to ask for something, ms. */
export const SETTLE_FOREIGN_MS = 1_000;

export interface InterestOptions {
  /** The topic's bytes as latin1 text. */
  readonly topic: string;
  /** How long a reader that was there before a lost connection is waited for after it came back, ms. */
  readonly hold: number;
  /** Default {@link SETTLE_MS}. */
  readonly settle?: number;
  /** Default {@link SETTLE_FOREIGN_MS}. */
  readonly settleForeign?: number;
  readonly onChange: (state: InterestState) => void;
}

/**
 * Follows the subscriptions that arrive on the XPUB socket. libzmq keeps a connecting socket's pipe, and the old
 * peer's subscriptions in it, over a lost connection; what counts here is only what the present peer has said, so the
 * socket must be verbose and this class is told when a connection comes and goes.
 *
 * It must be told of a connection before it is told of what came through it.
 */
export class Interest {
  readonly #options: InterestOptions;
  readonly #settleAfter: number;
  readonly #settleForeignAfter: number;
  readonly #covering = new Set<string>();
  #node: string | undefined;
  #state: InterestState = 'unknown';
  #settling: NodeJS.Timeout | undefined;
  #burst = false;
  #heard = 0;
  /** Somebody has read before, so a silence after a reconnect is given the longer time. */
  #wasRead = false;
  #closed = false;

  constructor(options: InterestOptions) {
    this.#options = options;
    this.#settleAfter = options.settle ?? SETTLE_MS;
    this.#settleForeignAfter = options.settleForeign ?? SETTLE_FOREIGN_MS;
  }

  get state(): InterestState {
    return this.#state;
  }

  /** The run of the consolidator that is at the other end now, once it has said so. */
  get node(): string | undefined {
    return this.#node;
  }

  /** Whether `subscription` would be told apart from any other here: most of a consolidator's are not of this topic. */
  concerns({ prefix }: Subscription): boolean {
    return prefix.startsWith(PRESENCE_PREFIX) || this.#options.topic.startsWith(prefix);
  }

  /** A connection is up; its subscriptions will follow. */
  connected(): void {
    this.disconnected();
    if (this.#state === 'unknown') {
      this.#settle(this.#wasRead ? this.#options.hold : this.#settleForeignAfter);
    }
  }

  /** The connection is gone, and what its peer had subscribed to with it. */
  disconnected(): void {
    this.#covering.clear();
    this.#node = undefined;
    this.#stopSettling();
    if (this.#state === 'read') this.#become('unknown');
  }

  subscription(subscription: Subscription): void {
    if (!this.concerns(subscription)) return;
    const { subscribe, prefix } = subscription;
    if (prefix.startsWith(PRESENCE_PREFIX)) {
      if (subscribe) this.#node ??= parsePresence(prefix);
      if (subscribe && this.#state === 'unknown' && !this.#wasRead) this.#settle(this.#settleAfter, true);
    } else if (subscribe) {
      this.#covering.add(prefix);
      this.#stopSettling();
      this.#wasRead = true;
      this.#become('read');
    } else if (this.#covering.delete(prefix) && this.#covering.size === 0) {
      this.#become('unread');
    }
  }

  /** The state stays as it is from here on. */
  close(): void {
    this.#closed = true;
    this.#stopSettling();
  }

  /** Another subscription of the burst was read, whatever it is to: the burst has not ended before it. */
  heard(): void {
    if (this.#settling === undefined || !this.#burst) return;
    this.#heard += 1;
    this.#settling.refresh();
  }

  /** @param burst it is the rest of a burst that is waited for */
  #settle(after: number, burst = false): void {
    this.#stopSettling();
    if (this.#closed) return;
    this.#burst = burst;
    const timer = setTimeout(() => {
      // On a machine with more to do than it can, time passes and the sockets have not been looked at.
      const before = this.#heard;
      void wholeTurn().then(() => {
        if (this.#settling === timer && this.#heard === before) this.#become('unread');
      });
    }, after).unref();
    this.#settling = timer;
  }

  #stopSettling(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
  }

  #become(state: InterestState): void {
    if (state === this.#state || this.#closed) return;
    this.#state = state;
    if (state === 'unread') this.#wasRead = false;
    this.#options.onChange(state);
  }
}

import { ConsumerTally, createWriteLatency, type ConsumerTotals } from '../telemetry/index.js';
import { formatStream, parseTopic, wideStreamOf, type Stream, type Topic } from '../wire/index.js';
import type { Connection } from './connection.js';
import type { Consumer, ConsumerHost } from './consumer.js';
import type { Hub } from './hub.js';
import { Inflow } from './inflow.js';
import { RelayIntake } from './intake.js';
import type { Joined, JoinRequest } from './joined.js';
import type { ResolvedRelayOptions } from './options.js';
import { Pacer } from './pacer.js';
import { NO_ARCHIVE } from './archive.js';
import { RecordBatch } from './record-batch.js';
import { Rejoin } from './rejoin.js';
import { TimedHub } from './timed-hub.js';
import type { Upstream, UpstreamOptions } from './upstream.js';

/** How often held gaps, merged losses and idle connections are looked after, ms. One timer for all consumers. */
const TICK_MS = 250;

const SWEEP_MS = 10_000;

/**
 * The relay without HTTP: upstream → inflow → hubs → consumers. It knows connections only as {@link Connection}, and
 * its upstream is handed in, so tests run it on in-memory twins.
 */
export class RelayCore {
  readonly intake: RelayIntake;
  readonly #options: ResolvedRelayOptions;
  readonly #upstream: Upstream;
  readonly #rejoin: Rejoin;
  readonly #inflow: Inflow;
  readonly #pacer: Pacer;
  readonly #hubs = new Map<string, Hub>();
  readonly #lingering = new Map<Hub, NodeJS.Timeout>();
  readonly #joined = new Map<Consumer, { joined: Joined; hub: Hub }>();
  readonly #held = new Set<Consumer>();
  /** Hubs whose position is about to be known. */
  readonly #placing = new Set<Hub>();
  readonly #tally = new ConsumerTally();
  readonly #recordLatency = createWriteLatency();
  readonly #timers: NodeJS.Timeout[];
  readonly #host: ConsumerHost = {
    now: Date.now,
    onEnd: (consumer) => this.leave(consumer),
    onHeld: (consumer) => this.#held.add(consumer),
  };
  #nextId = 1;
  #draining = false;

  constructor(
    options: ResolvedRelayOptions,
    connect: (handlers: Pick<UpstreamOptions, 'onMessage' | 'onStatus' | 'onReplaced' | 'onCut'>) => Upstream,
  ) {
    this.#options = options;
    this.intake = new RelayIntake(options);
    this.#pacer = new Pacer(options.maxCoalesce);
    this.#upstream = connect({
      onMessage: (frames) => this.#inflow.take(frames),
      onStatus: () => this.#announceStatus(),
      onReplaced: (node) => this.#inflow.forget(node),
      onCut: (node) => this.#inflow.doubt(node),
    });
    const upstream = this.#upstream;
    this.#rejoin = new Rejoin({
      archive: upstream.archive ?? NO_ARCHIVE,
      get connected() {
        return upstream.connected;
      },
      ...pastBytes(options),
      split: ({ topic: name, body, offset, at }, node) => {
        const topic = parseTopic(name) as Topic;
        return new RecordBatch(topic, this.intake.lines(topic, body), { node, offset, at });
      },
      statusOf: (hub) => this.#statusOf(hub),
    });
    this.#inflow = new Inflow({
      intake: this.intake,
      hubs: this.#hubs,
      pacer: this.#pacer,
      archive: upstream.archive,
      maxReplayBytes: options.maxReplayBytes,
      onAdmit: (node, hub) => this.#sendOnReaders(node, hub),
    });
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS).unref(),
      setInterval(() => this.intake.sweep(performance.now()), SWEEP_MS).unref(),
    ];
  }

  /** Consolidators connected now. */
  get connected(): number {
    return this.#upstream.connected;
  }

  get draining(): boolean {
    return this.#draining;
  }

  get size(): number {
    return this.#joined.size;
  }

  /** Streams subscribed to now. */
  get hubs(): number {
    return this.#hubs.size;
  }

  /** Bytes that all consumers' buffers hold, what they share counted once. */
  get buffered(): number {
    let sum = this.#rejoin.held;
    for (const { buffered } of this.#hubs.values()) sum += buffered;
    return sum;
  }

  /** What the consumers of this run got in all, those that have left included. One pass over the present ones. */
  get totals(): ConsumerTotals {
    return this.#tally.totals(this.#joined.keys());
  }

  *consumers(): Generator<Joined> {
    for (const { joined } of this.#joined.values()) yield joined;
  }

  /** Opens a stream on a connection whose headers are written. What it asks of the past comes before the live stream. */
  join(
    request: JoinRequest,
    connection: Connection,
    { remote = '', until = Number.POSITIVE_INFINITY }: { remote?: string; until?: number } = {},
  ): Joined {
    const hub = this.#hubFor(request.stream);
    const options = { ...request.buffer, noticeInterval: this.#options.noticeInterval };
    const { format, filter, cursors, past } = request;
    const consumer = hub.join(connection, format, filter, options, this.#host, cursors);
    const heardOf = () => hub.attendance.size;
    const joined = {
      id: String(this.#nextId++),
      remote,
      until,
      recycledAt: recycledAt(consumer.since, this.#options.maxAge),
      consumer,
      request,
      heardOf,
    };
    this.#joined.set(consumer, { joined, hub });
    const { encoder } = consumer.view;
    // The position of who waits for the past is told when that has come.
    const isPlaced = past === undefined && this.#rejoin.isCurrent(hub);
    const cursor = isPlaced ? hub.position.text : '';
    const status = encoder.event('status', this.#statusOf(hub), cursor);
    consumer.say(encoder.keepalive + status + encoder.retry(retryAfter()));
    if (past !== undefined) {
      consumer.wait();
      void this.#rejoin.begin(hub, consumer, past);
    } else if (!isPlaced) {
      void this.#place(hub);
    }
    return joined;
  }

  /** The connection is gone, or the consumer has ended. Idempotent. */
  leave(consumer: Consumer): void {
    const entry = this.#joined.get(consumer);
    if (entry === undefined) return;
    this.#joined.delete(consumer);
    this.#tally.leave(consumer);
    this.#held.delete(consumer);
    this.#rejoin.leave(consumer);
    consumer.closed();
    entry.hub.leave(consumer);
    if (entry.hub.size === 0) this.#linger(entry.hub);
  }

  /**
   * The order of a drain: no new consumers, and no new records, so that the queues have an end; losses that wait to be
   * told are told; each of the present consumers gets what is queued for it, as far as it takes it within the timeout;
   * what is left is told as lost to the shutdown; then `bye` and, for SSE, a delay before the reconnect that differs
   * from consumer to consumer, so that they do not all come at once.
   */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#inflow.stop();
    this.#draining = true;
    const deadline = performance.now() + this.#options.drainTimeout;
    const now = Date.now();
    for (const hub of this.#hubs.values()) hub.settle(now);
    const isWaiting = () => [...this.#joined.keys()].some((consumer) => !consumer.drained);
    while (isWaiting() && performance.now() < deadline) {
      for (const hub of this.#hubs.values()) hub.flush();
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    for (const consumer of this.#joined.keys()) this.#sendElsewhere(consumer, 'shutdown');
  }

  /** Ends a stream and asks for its reader at whatever relay answers, not at once and not with all others. */
  #sendElsewhere(consumer: Consumer, reason: string): void {
    const { encoder } = consumer.view;
    const wait = Math.round(Math.random() * this.#options.drainSpread);
    // What is left in its queue is behind its position, where consolidators remember: it is not missing.
    const willResume = encoder.format === 'sse' && this.#canReplay;
    consumer.end(encoder.retry(wait) + encoder.event('bye', { reason, retry: wait }), willResume);
    this.leave(consumer);
  }

  get #canReplay(): boolean {
    const { nodes } = this.#upstream.archive ?? NO_ARCHIVE;
    return nodes.size > 0 && [...nodes.values()].every(({ remembers }) => remembers);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    this.#lingering.clear();
    this.#inflow.close();
    this.#pacer.close();
    await this.#upstream.close();
  }

  /** Who has read some of this run at another relay would get that again here, and does not where it says how far it was. */
  #sendOnReaders(node: string, hub: Hub): void {
    for (const consumer of hub.consumers()) {
      const past = this.#joined.get(consumer)?.joined.request.past;
      const cursor = past && 'cursor' in past ? past.cursor : undefined;
      if (cursor?.has(node) && (!consumer.waiting || this.#rejoin.isPlaced(consumer)))
        this.#sendElsewhere(consumer, 'resume');
    }
  }

  #hubFor(stream: Stream): Hub {
    const prefix = formatStream(stream);
    const known = this.#hubs.get(prefix);
    if (known !== undefined) {
      clearTimeout(this.#lingering.get(known));
      this.#lingering.delete(known);
      return known;
    }
    const hub = new TimedHub(stream, this.#options.noticeInterval, this.#recordLatency);
    this.#hubs.set(prefix, hub);
    this.#upstream.subscribe(prefix);
    return hub;
  }

  /** A reader that comes back within moments finds its stream still subscribed. */
  #linger(hub: Hub): void {
    const timer = setTimeout(() => {
      this.#lingering.delete(hub);
      this.#hubs.delete(hub.prefix);
      this.#pacer.forget(hub);
      this.#upstream.unsubscribe(hub.prefix);
      this.intake.leave(hub.prefix, this.#isRead);
    }, this.#options.hubLinger);
    this.#lingering.set(hub, timer.unref());
  }

  readonly #isRead = (topic: string): boolean => this.#hubs.has(topic) || this.#hubs.has(wideStreamOf(topic));

  /**
   * The readers of a hub that is young hear where they are as soon as that is known: one that is cut off before its first
   * record can go on from there.
   */
  async #place(hub: Hub): Promise<void> {
    if (this.#placing.has(hub)) return;
    this.#placing.add(hub);
    await this.#rejoin.attend(hub);
    this.#placing.delete(hub);
    if (this.#draining || this.#hubs.get(hub.prefix) !== hub || !this.#rejoin.isCurrent(hub)) return;
    hub.announce('status', this.#statusOf(hub), hub.position.text);
    this.#pacer.mark(hub);
  }

  #announceStatus(): void {
    for (const hub of this.#hubs.values()) {
      hub.announce('status', this.#statusOf(hub));
      this.#pacer.mark(hub);
    }
  }

  #statusOf(hub: Hub) {
    const { keepalive } = this.#options;
    return { stream: hub.prefix, consolidators: this.#upstream.connected, keepalive };
  }

  /** When all buffers together are over the budget, those that hold more than an equal share give up the rest. */
  #keepWithinBudget(): void {
    const maxBytes = Math.max(0, this.#options.maxBufferedBytes - this.#rejoin.held);
    const holding = [...this.#hubs.values()].map((hub) => ({ hub, bytes: hub.buffered }));
    if (holding.reduce((sum, { bytes }) => sum + bytes, 0) <= maxBytes) return;
    const share = Math.floor(maxBytes / holding.filter(({ bytes }) => bytes > 0).length);
    for (const { hub, bytes } of holding) if (bytes > share) hub.trim(share);
  }

  /** The token behind it is over. It gets what its connection takes at once. */
  #dismiss(consumer: Consumer): void {
    consumer.pump();
    consumer.end(consumer.view.encoder.event('bye', { reason: 'expired' }));
    this.leave(consumer);
  }

  #tick(): void {
    const now = Date.now();
    for (const hub of this.#hubs.values()) if (hub.tellLosses(now)) this.#pacer.mark(hub);
    const held = [...this.#held];
    this.#held.clear();
    for (const consumer of held) {
      consumer.pump();
      consumer.enforce();
    }
    this.#keepWithinBudget();
    const { keepalive } = this.#options;
    for (const [consumer, { joined }] of this.#joined) {
      if (now >= joined.until) {
        this.#dismiss(consumer);
        continue;
      }
      if (now >= joined.recycledAt && (consumer.drained || now >= joined.recycledAt + RECYCLE_MS)) {
        this.#sendElsewhere(consumer, 'age');
        continue;
      }
      const idle = now - consumer.writtenAt;
      // Less than nothing where the clock was set back.
      if (idle >= keepalive || idle < 0) consumer.say(consumer.view.encoder.keepalive);
    }
  }
}

/**
 * All pasts together take half of what all buffers may hold at most, and four times the largest. One that is made is there
 * twice for a moment, as it came and as it is written, and room is left for the others.
 */
function pastBytes({ maxReplayBytes, maxBufferedBytes }: ResolvedRelayOptions) {
  const roomBytes = Math.min(4 * maxReplayBytes, Math.floor(maxBufferedBytes / 2));
  return { roomBytes, maxBytes: Math.floor(roomBytes / 4) };
}

const DRAIN_POLL_MS = 20;

/** A reader whose time is over is waited for so long until it has what is queued for it, ms. */
const RECYCLE_MS = 10_000;

/** Readers that came together are not sent away together: each has its own part of the last quarter. */
function recycledAt(since: number, maxAge: number): number {
  return maxAge > 0 ? since + maxAge * (0.75 + Math.random() / 4) : Number.POSITIVE_INFINITY;
}

/** A reader whose relay dies is to come back soon, and not at the same time as all others, ms. */
function retryAfter(): number {
  return Math.round(500 + Math.random() * 1_000);
}

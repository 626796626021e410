import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { missingSince, Sources } from '../accounting/index.js';
import { adoptBody } from '../wire/foreign.js';
import {
  countRecords,
  leafOf,
  parseMessage,
  REFUSALS,
  skipRecords,
  withoutRecords,
  type Ledger,
  type Mark,
  type Message,
  type NodeLedger,
  type Refusal,
  type RememberedSource,
} from '../wire/index.js';
import { RateLimit } from './rate-limit.js';

/** What the intake lets through: a checked message whose ledger is this consolidator's. */
export interface Accepted {
  readonly name: string;
  readonly body: Buffer;
  readonly ledger: NodeLedger;
  /** Records missing right before it: lost in the sidecar, and on the way here. */
  readonly sidecar: number;
  readonly transit: number;
  readonly source: RememberedSource;
}

export interface IntakeStats {
  /** Messages let through, heartbeats included. */
  messages: number;
  records: number;
  bytes: number;
  /** Records that sidecars sent and that never arrived here. */
  lostInTransit: number;
  /** Records that sidecars say they lost themselves. */
  lostUpstream: number;
  /** Records that were seen before and trimmed. */
  duplicates: number;
  /** Messages that came when nobody asked for their topic: they were under way when the last reader left. */
  unread: number;
  /** Messages refused, by what was wrong with them. */
  readonly refused: Record<Refusal, number>;
}

export interface IntakeOptions {
  readonly maxBodyBytes: number;
  readonly maxSources: number;
  /** Bytes a second of one topic; none for no limit. */
  readonly maxTopicRate?: number;
  /** Whether publishers may claim this topic; all of them where it is not given. */
  readonly accepts?: ((topic: string) => boolean) | undefined;
  /** Whether anybody asks for this topic. */
  readonly isRead: (topic: string) => boolean;
}

/** A source of two-frame messages: the consolidator numbers its records. */
interface Adopted {
  next: number;
  /** Records that the limit dropped. */
  lost: number;
  /** As many of them as what was forwarded last told of. */
  told: number;
  usedAt: number;
  readonly since: number;
  readonly sight: RememberedSource;
}

/** Sources that send two frames, by topic; beyond this many further topics of that kind are refused. */
const MAX_ADOPTED = 10_000;

/**
 * A ledger says where the account of its source begins for so long, ms: long enough for a relay that misses the first
 * messages to get one of those that follow, and then the bytes are saved.
 */
const YOUNG_MS = 60_000;

/** A source that promised a heartbeat is forgotten after so many of them were missed. */
const BEATS_MISSED = 60;

/** A source that promised none is forgotten after so long, ms. */
const SILENCE_MS = 600_000;

/**
 * What a consolidator does to a message, apart from the sockets: checks it, keeps the ledger, gives the offset.
 *
 * A two-frame message has no ledger. It is adopted: from here on this consolidator is its source, so that what is lost
 * behind it is counted like any other loss.
 */
export class Intake {
  /** Id of this run: it names the consolidator in ledgers and cursors. 8 characters, 48 random bits. */
  readonly node = randomBytes(6).toString('base64url');
  readonly stats: IntakeStats = {
    messages: 0,
    records: 0,
    bytes: 0,
    lostInTransit: 0,
    lostUpstream: 0,
    duplicates: 0,
    unread: 0,
    refused: Object.fromEntries(REFUSALS.map((word) => [word, 0])) as Record<Refusal, number>,
  };
  readonly #options: IntakeOptions;
  readonly #sources: Sources;
  readonly #limit: RateLimit;
  readonly #adopted = new Map<string, Adopted>();
  readonly #hostname = hostname();
  #offset = 0;
  /** When accounts were last given up although their sources may go on, ms since the epoch. */
  #forgotAt = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#sources = new Sources({ maxSources: options.maxSources });
    this.#limit = new RateLimit(options.maxTopicRate ?? 0);
  }

  /** The offset that the next record will get: records let through, losses found and marks made so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Sources followed now, adopted ones included. */
  get sources(): number {
    return this.#sources.size + this.#adopted.size;
  }

  /** Takes in the frames of one message; undefined where nothing is to be forwarded. `now` in ms, monotonic. */
  accept(frames: readonly Buffer[], now: number): Accepted | undefined {
    const message = parseMessage(frames, this.#options.maxBodyBytes);
    if (typeof message === 'string') return this.#refuse(message);
    const { name } = message;
    if (this.#options.accepts?.(name) === false) return this.#refuse('identity');
    // An account that began now would take what its source does until the next reader comes for a loss.
    if (!this.#options.isRead(name)) {
      this.stats.unread += 1;
      return undefined;
    }
    if (message.ledger === undefined) return this.#adopt(message, now);
    let ledger = asSent(message.ledger, this.#forgotAt);
    if (message.body.length > 0 && !this.#limit.admit(name, message.body.length, now)) {
      this.stats.refused.limit += 1;
      // The next message shows the gap, and of a last one the end is told.
      if (!ledger.fin) return undefined;
      ledger = withoutRecords(ledger);
    }
    const { forgotten } = this.#sources;
    const source = this.#sources.follow(name, ledger, now);
    if (this.#sources.forgotten > forgotten) this.#forgotAt = Date.now();
    if (source === undefined) return this.#refuse('limit');
    if (source.sight === undefined) this.#countSinceOrigin(ledger);
    const { seen, sidecar, here } = source.account.observe(ledger);
    this.stats.lostInTransit += here;
    this.stats.lostUpstream += sidecar;
    // A loss has an offset of its own: a reader that was told of it, and no more, has a position behind it.
    if (sidecar + here > 0) this.#offset += 1;
    if (ledger.fin) this.#sources.close(name, ledger.src);
    if (seen > 0) {
      this.stats.duplicates += seen;
      if (seen === ledger.count) return undefined;
    }
    const { src, first, lost, origin } = ledger;
    source.sight ??= { src, begin: [first, lost, this.#offset], origin };
    const whole = ledger.count === 0 ? NO_RECORDS : message.body;
    const body = seen > 0 ? skipRecords(whole, seen) : whole;
    const forwarded = this.#forward(ledger, seen, source.account.lostHere, youngAt(source, now), body.length);
    return { name, body, ledger: forwarded, sidecar, transit: here, source: source.sight };
  }

  /**
   * The first sight of a source that began before: what it had sent died with a connection, or with the run before this
   * one. A relay that was there at its origin tells its readers.
   */
  #countSinceOrigin({ origin, first, lost }: Ledger): void {
    if (origin === undefined) return;
    const { sidecar, consolidator } = missingSince(origin, [first, lost]);
    this.stats.lostInTransit += consolidator;
    this.stats.lostUpstream += sidecar;
  }

  /**
   * Somebody has asked for a stream: what is let through from now on comes to them.
   *
   * @param said what the mark says besides
   */
  mark(prefix: string, said: Required<Pick<Mark, 'at' | 'holds' | 'up'>>): Mark {
    const mark = { prefix, node: this.node, offset: this.#offset, ...said };
    this.#offset += 1;
    return mark;
  }

  /** Nobody asks for a stream any more, so the sources that no other one has stop sending, and that is no loss. */
  leave(stream: string, still: (topic: string) => boolean): void {
    const before = this.#sources.size;
    this.#sources.leave(stream, still);
    if (this.#sources.size < before) this.#forgotAt = Date.now();
  }

  /** Forgets sources that have long been silent; returns how many. */
  sweep(now: number): number {
    for (const [name, { usedAt }] of this.#adopted) {
      if (now - usedAt > SILENCE_MS) this.#adopted.delete(name);
    }
    this.#limit.sweep(now);
    const gone = this.#sources.sweep(now, silenceOf).length;
    if (gone > 0) this.#forgotAt = Date.now();
    return gone;
  }

  #refuse(word: Refusal): undefined {
    this.stats.refused[word] += 1;
    return undefined;
  }

  #adopt({ name, topic, body }: Message, now: number): Accepted | undefined {
    let source = this.#adopted.get(name);
    if (source === undefined) {
      if (this.#adopted.size >= MAX_ADOPTED) return this.#refuse('limit');
      source = {
        next: 0,
        lost: 0,
        told: 0,
        usedAt: now,
        since: now,
        sight: { src: randomUUID(), begin: [0, 0, this.#offset], origin: undefined },
      };
      this.#adopted.set(name, source);
    }
    source.usedAt = now;
    if (!this.#limit.admit(name, body.length, now)) {
      const dropped = countRecords(body);
      source.next += dropped;
      source.lost += dropped;
      this.stats.lostInTransit += dropped;
      return this.#refuse('limit');
    }
    const at = Date.now();
    const time = new Date(at).toISOString();
    const { body: records, count } = adoptBody(
      body,
      { name: leafOf(topic), hostname: this.#hostname, time },
      this.#options.maxBodyBytes,
    );
    if (count === 0) return this.#refuse('size');
    const first = source.next;
    source.next += count;
    const transit = source.lost - source.told;
    source.told = source.lost;
    // As in accept(): a loss has an offset of its own.
    if (transit > 0) this.#offset += 1;
    const ledger: Ledger = { v: 1, src: source.sight.src, first, count, lost: 0, at };
    const forwarded = this.#forward(ledger, 0, source.lost, youngAt(source, now), records.length);
    return { name, body: records, ledger: forwarded, sidecar: 0, transit, source: source.sight };
  }

  /** The ledger that goes on. */
  #forward(
    ledger: Ledger,
    seen: number,
    transit: number,
    sight: RememberedSource | undefined,
    bytes: number,
  ): NodeLedger {
    const count = ledger.count - seen;
    const forwarded: NodeLedger = {
      ...ledger,
      first: ledger.first + seen,
      count,
      lost: ledger.lost + transit,
      node: this.node,
      offset: this.#offset,
      transit,
      // A sender that contradicts itself may have gone back behind it.
      ...(sight && sight.begin[0] <= ledger.first && { begin: sight.begin }),
    };
    this.#offset += count;
    this.stats.messages += 1;
    this.stats.records += count;
    this.stats.bytes += bytes;
    return forwarded;
  }
}

const NO_RECORDS = Buffer.alloc(0);

/** Where an account begins, as long as it is worth saying. */
function youngAt({ since, sight }: { since: number; sight: RememberedSource | undefined }, now: number) {
  return now - since < YOUNG_MS ? sight : undefined;
}

/** How long a source may be silent before it is forgotten, ms. */
function silenceOf({ beat }: { beat: number }): number {
  return beat > 0 ? beat * BEATS_MISSED : SILENCE_MS;
}

/**
 * A ledger without what only a consolidator may say: a sender cannot shift its losses to another hop. Without an origin,
 * too, that is from before this run last forgot sources: what came since then may have been seen here.
 */
function asSent(ledger: Ledger, forgotAt: number): Ledger {
  const { node, transit, offset, begin, holds, up } = ledger;
  const origin = ledger.origin && ledger.origin[2] > forgotAt ? ledger.origin : undefined;
  const isAsSent = (node ?? transit ?? offset ?? begin ?? holds ?? up) === undefined;
  if (isAsSent && origin === ledger.origin) return ledger;
  const { v, src, first, count, lost, at, fin, beat } = ledger;
  return {
    v,
    src,
    first,
    count,
    lost,
    at,
    ...(fin && { fin }),
    ...(beat !== undefined && { beat }),
    ...(origin && { origin }),
  };
}

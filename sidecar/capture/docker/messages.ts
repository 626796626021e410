import type { StdStream } from '../../../wire/record.js';
import { compareStamps, MAX_STAMP_LENGTH, StampReader, type Stamp } from '../source-stamp.js';
import type { FrameHandler, FrameKind } from './frames.js';

export interface MessageHandler {
  /** @param at when the engine took it, ms since the epoch; undefined if it does not say */
  output(stream: StdStream, bytes: Buffer, at: number | undefined): void;
  /** The engine's own word. */
  system(text: string): void;
  /** A new connection does not begin with what the last one ended with: something may be missing. */
  gap(stream: StdStream): void;
}

/** What has been handed on of one output: the last message's time, and which of that time it was. */
interface Cursor {
  readonly stamp: Stamp;
  /** Whole messages of that time. Engines that give whole seconds have many. */
  count: number;
  /** Of the next one, which the connection's end cut. */
  bytes: number;
}

/**
 * The two outputs of a container come through pipes of their own, so their messages are not quite in the order of their
 * times. An engine is asked for so much more than what came after the last one, ms.
 */
const DISORDER_MS = 5_000;
const SPACE = 0x20;
const MAX_SYSTEM_BYTES = 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Reads the log messages of a container without a terminal: a frame each, begun by its time. Across connections it hands
 * on each byte once: asked for the past from the second of its cursor on, an engine repeats what came since, and what
 * was there already is passed over by time, by number within that time, and by bytes. Holds one stamp. Pure.
 */
export class MessageReader implements FrameHandler {
  readonly #handler: MessageHandler;
  readonly #stamps = new StampReader();
  readonly #lanes: Readonly<Record<StdStream, Lane>>;
  #lane: Lane | undefined;
  #head = '';
  #inHead = false;
  #system = '';

  constructor(handler: MessageHandler) {
    this.#handler = handler;
    this.#lanes = { stdout: new Lane('stdout', handler), stderr: new Lane('stderr', handler) };
  }

  /**
   * What to ask for: nothing from before this second, since the epoch, is needed. Undefined when nothing came yet. It is
   * as late for an output that has long been quiet: had it said more, that would have come before what the other said.
   */
  get since(): number | undefined {
    const { stdout, stderr } = this.#lanes;
    const from = Math.min(this.#newest.reached - DISORDER_MS, stdout.cutAt, stderr.cutAt);
    return Number.isFinite(from) ? Math.floor(from / 1000) : undefined;
  }

  /** A new connection begins, with what came from `since` on; what the last one cut is not lost. */
  reconnect(): void {
    const { since } = this;
    const newest = this.#newest;
    this.#lane = undefined;
    this.#inHead = false;
    this.#lanes.stdout.reconnect(newest, since);
    this.#lanes.stderr.reconnect(newest, since);
  }

  /** The output that has the last message. */
  get #newest(): Lane {
    const { stdout, stderr } = this.#lanes;
    return stderr.reached > stdout.reached ? stderr : stdout;
  }

  start(kind: FrameKind): void {
    this.#lane = kind === 'system' ? undefined : this.#lanes[kind];
    this.#head = '';
    this.#system = '';
    this.#inHead = kind !== 'system';
  }

  data(bytes: Buffer): void {
    if (this.#lane === undefined) {
      this.#system += bytes.toString('utf8', 0, MAX_SYSTEM_BYTES - this.#system.length);
    } else if (this.#inHead) {
      this.#readHead(this.#lane, bytes);
    } else {
      this.#lane.data(bytes);
    }
  }

  end(): void {
    if (this.#lane === undefined) this.#handler.system(this.#system.trim());
    else if (this.#inHead) this.#unstamped(this.#lane, EMPTY);
    this.#lane?.end();
    this.#lane = undefined;
    this.#inHead = false;
  }

  #readHead(lane: Lane, bytes: Buffer): void {
    const space = bytes.indexOf(SPACE);
    const head = this.#head + bytes.toString('latin1', 0, space === -1 ? bytes.length : space);
    if (space === -1 && head.length <= MAX_STAMP_LENGTH) {
      this.#head = head;
      return;
    }
    this.#inHead = false;
    const stamp = space === -1 ? undefined : this.#stamps.read(head);
    if (stamp === undefined) return this.#unstamped(lane, bytes);
    lane.start(stamp);
    if (space + 1 < bytes.length) lane.data(bytes.subarray(space + 1));
  }

  #unstamped(lane: Lane, bytes: Buffer): void {
    lane.startUnstamped();
    lane.data(Buffer.concat([Buffer.from(this.#head, 'latin1'), bytes]));
  }
}

/** One output. After a reconnect it passes over what it has handed on, until something new comes. */
class Lane {
  readonly #stream: StdStream;
  readonly #handler: MessageHandler;
  #cursor: Cursor | undefined;
  #repeating = false;
  /** The connection was asked for the cursor's message as well. */
  #expecting = false;
  /** If not: the other output, whose last message has to come again if the log still holds all that it was asked for. */
  #witness: Lane | undefined;
  /** Messages of the cursor's time that this connection has repeated so far. */
  #repeated = 0;
  /** Bytes of the present message that are passed over. */
  #skip = 0;
  #skipAll = false;
  #stamped = false;
  /** A message has begun and not ended. */
  #open = false;
  #at: number | undefined;

  constructor(stream: StdStream, handler: MessageHandler) {
    this.#stream = stream;
    this.#handler = handler;
  }

  /** Time of its last message, ms since the epoch; before all others if there was none. */
  get reached(): number {
    return this.#cursor?.stamp.ms ?? Number.NEGATIVE_INFINITY;
  }

  /** Time of the message of which the end is still to come; after all others if there is none. */
  get cutAt(): number {
    return this.#open ? this.reached : Number.POSITIVE_INFINITY;
  }

  reconnect(newest: Lane, since = Number.POSITIVE_INFINITY): void {
    this.#repeating = this.#cursor !== undefined;
    this.#expecting = this.reached >= since * 1000;
    this.#witness = this.#expecting || newest === this ? undefined : newest;
    this.#repeated = 0;
    this.#skipAll = false;
  }

  start(stamp: Stamp): void {
    this.#at = stamp.ms;
    this.#skip = 0;
    this.#stamped = true;
    if (this.#witness !== undefined) this.#askWitness(this.#witness, stamp);
    const order = this.#cursor === undefined ? 1 : compareStamps(stamp, this.#cursor.stamp);
    this.#skipAll = this.#repeating && this.#isRepeated(order, this.#cursor as Cursor);
    if (this.#skipAll) return;
    this.#open = true;
    if (order !== 0) this.#cursor = { stamp, count: 0, bytes: 0 };
  }

  /** Without a time there is nothing to tell a repeat by. */
  startUnstamped(): void {
    this.#at = undefined;
    this.#skip = 0;
    this.#stamped = false;
    this.#skipAll = false;
  }

  data(bytes: Buffer): void {
    if (this.#skipAll) return;
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    if (skipped === bytes.length) return;
    if (this.#stamped) (this.#cursor as Cursor).bytes += bytes.length - skipped;
    this.#handler.output(this.#stream, bytes.subarray(skipped), this.#at);
  }

  end(): void {
    if (this.#skipAll || !this.#stamped) return;
    this.#open = false;
    const cursor = this.#cursor as Cursor;
    cursor.count += 1;
    cursor.bytes = 0;
  }

  /** Whether all of this message was handed on before. With the first of which it was not, repeating is over. */
  #isRepeated(order: number, cursor: Cursor): boolean {
    if (order < 0) return true;
    if (order === 0 && this.#repeated < cursor.count) {
      this.#repeated += 1;
      return true;
    }
    this.#repeating = false;
    if (order === 0) this.#skip = cursor.bytes;
    else if (this.#expecting && (this.#repeated < cursor.count || cursor.bytes > 0)) this.#tellGap();
    return false;
  }

  /** Where the other's last message should have come by now and has not, ours from before are missing as well. */
  #askWitness(witness: Lane, stamp: Stamp): void {
    if (!witness.#isJoined && stamp.ms <= witness.reached + DISORDER_MS) return;
    this.#witness = undefined;
    if (!witness.#isJoined) this.#tellGap();
  }

  /** All that it had handed on has come again. */
  get #isJoined(): boolean {
    const cursor = this.#cursor;
    return !this.#repeating || (this.#repeated === cursor?.count && cursor.bytes === 0);
  }

  #tellGap(): void {
    this.#handler.gap(this.#stream);
  }
}

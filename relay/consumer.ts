import {
  addLosses,
  CONSUMER_OVERFLOW,
  isNone,
  lossOf,
  NO_LOSSES,
  RELAY_SHUTDOWN,
  subtractLosses,
  sumLosses,
  type ConsumerBalance,
  type Losses,
} from '../accounting/index.js';
import { frame, type Framed } from './chunk.js';
import type { Connection } from './connection.js';
import { noticesOf } from './notice.js';
import type { ConsumerOverflow } from './options.js';
import type { Prelude } from './prelude.js';
import {
  byteAt,
  cutOff,
  gather,
  MAX_SHARED_BYTES,
  recordAt,
  seekBytes,
  seekRecord,
  type Place,
  type View,
} from './view.js';

export interface ConsumerOptions {
  /** Most records that wait for this consumer. */
  readonly hwm: number;
  /** Most bytes that wait for this consumer. */
  readonly hwmBytes: number;
  readonly overflow: ConsumerOverflow;
  /** A notice of this consumer's own drops goes out at most once in so many ms. */
  readonly noticeInterval: number;
}

export interface ConsumerHost {
  /** Milliseconds since the epoch. */
  now(): number;
  /** The consumer has ended by itself: its policy was `disconnect` and its buffer ran over. */
  onEnd(consumer: Consumer): void;
  /** A gap waits for the notice interval to pass: {@link Consumer.pump} wants to be called again. */
  onHeld(consumer: Consumer): void;
}

/**
 * One HTTP response that is being written: a cursor over its view's chain, with a mark. What waits for it is not
 * copied anywhere; its queue is the distance from its place to the end, and a drop is a jump of the place. So a stalled
 * consumer costs the same few words however long it stalls, and slows nobody.
 *
 * Between what was written and what comes next there is at most one gap. While a gap is untold and the last notice is
 * younger than the notice interval, nothing is written: what overflows meanwhile is dropped at the very same place, so
 * that the notice, when it goes out, stands exactly where the records are missing and there is one a second at most.
 */
export class Consumer {
  readonly view: View;
  readonly options: ConsumerOptions;
  readonly since: number;
  readonly #connection: Connection;
  readonly #host: ConsumerHost;
  #joined: number;
  #upstreamBefore: Losses;
  #place: Place;
  /** It waits for the past that it asked for, and gets nothing before. */
  #waiting = false;
  /** What is written before the live stream, as long as there is some. */
  #prelude: Prelude | undefined;
  /** Records and bytes of the past: they do not count against the mark until the reader has caught up. */
  #matchedBefore = 0;
  #allowance: { readonly records: number; readonly bytes: number } = NO_ALLOWANCE;
  #busy = false;
  #ended = false;
  /** Records of the view when it ended. */
  #endedAt: number | undefined;
  #delivered = 0;
  #dropped: Losses = NO_LOSSES;
  /** Lost at `#place` and not told yet: this consumer's own drops, and the upstream notices it jumped over. */
  #untold: Losses = NO_LOSSES;
  #untoldSince = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /**
   * With `drop-newest`, while the queue is full: what was queued stands in a chain of its own, and everything of the
   * view from this record on is dropped until that has been written. Numbers, since a link would keep the view's whole
   * chain alive.
   */
  #resume: Point | undefined;
  #writtenAt: number;

  constructor(view: View, connection: Connection, options: ConsumerOptions, host: ConsumerHost) {
    this.view = view;
    this.options = options;
    this.#connection = connection;
    this.#host = host;
    this.#place = view.end;
    this.#joined = view.records;
    this.#upstreamBefore = view.losses;
    this.since = host.now();
    this.#writtenAt = this.since;
  }

  /** Holds the stream back until {@link begin}: its past has to be fetched first. */
  wait(): void {
    this.#waiting = true;
    this.#place = cutOff(this.#place, this.#place);
  }

  /** Begins with the past, and goes on at a place of the view. */
  begin(prelude: Prelude, place: Place): void {
    if (this.#ended || !this.#waiting) return;
    this.#waiting = false;
    this.#place = place;
    this.#joined = recordAt(place);
    this.#upstreamBefore = place.link.chunk.losses;
    this.#prelude = prelude;
    this.#matchedBefore = prelude.records;
    this.#allowance = prelude;
    if (!this.#busy) this.#write();
  }

  /** Whether its past is still being fetched. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** The law: `matched = delivered + dropped + queued`, of the records that passed the filter. */
  get balance(): ConsumerBalance {
    if (this.#waiting) return { matched: 0, delivered: 0, dropped: 0, queued: 0 };
    const records = this.#endedAt ?? this.view.records;
    const dropping = this.#resume === undefined ? 0 : records - this.#resume.record;
    return {
      matched: records - this.#joined + this.#matchedBefore,
      delivered: this.#delivered,
      dropped: sumLosses(this.#dropped) + dropping,
      queued: records - recordAt(this.#place) - dropping + (this.#prelude?.left ?? 0),
    };
  }

  /** Losses by hop and reason since it came: its own, and those upstream that its view has told of. */
  get losses(): Losses {
    if (this.#waiting) return NO_LOSSES;
    return addLosses(this.#dropped, subtractLosses(this.view.losses, this.#upstreamBefore));
  }

  /** How long the oldest record that waits has waited since its capture, ms; 0 where none waits. */
  get lag(): number {
    if (this.#waiting) return 0;
    const { index } = this.#place;
    let { link } = this.#place;
    if (index === link.chunk.count) {
      do {
        if (link.next === undefined) return 0;
        link = link.next;
      } while (link.chunk.count === 0);
    }
    const { at } = link.chunk;
    return at === 0 ? 0 : Math.max(0, this.#host.now() - at);
  }

  /** When bytes were last handed to the connection, ms since the epoch. */
  get writtenAt(): number {
    return this.#writtenAt;
  }

  /** A gap waits for its turn to be told. */
  get held(): boolean {
    return !this.#busy && this.#untold !== NO_LOSSES;
  }

  /**
   * Writes what can be written. Hot: once a consumer and flush. Answers whether more waits than the mark allows; a
   * connection that takes it all does so before the next turn, so only then is it time to {@link enforce}.
   */
  pump(): boolean {
    if (this.#ended || this.#waiting) return false;
    if (!this.#busy) this.#write(MAX_SHARED_BYTES);
    return this.#over();
  }

  /** Drops what is over the mark, if the connection still has not taken it. */
  enforce(): void {
    if (this.#ended || this.#waiting || !(this.#busy || this.held) || !this.#over()) return;
    const { hwm, hwmBytes, overflow } = this.options;
    const { records, bytes } = this.view;
    if (overflow === 'drop-oldest') {
      const place =
        records - recordAt(this.#place) > hwm ? seekRecord(this.#place, records - hwm) : this.#place;
      this.#jump(seekBytes(place, bytes, hwmBytes), CONSUMER_OVERFLOW);
    } else if (overflow === 'drop-newest') {
      const last = lastThatFits(this.#place, hwm, hwmBytes);
      this.#place = cutOff(this.#place, last);
      this.#resume = pointOf(last);
    } else {
      this.#disconnect();
    }
  }

  /** Bytes that wait for this consumer, and whether they are its own: others of its view share them otherwise. */
  get backlog(): { bytes: number; apart: boolean } {
    if (this.#waiting) return { bytes: 0, apart: false };
    const end = this.#resume === undefined ? this.view.bytes : this.#resume.bytes;
    return { bytes: end - byteAt(this.#place), apart: this.#resume !== undefined };
  }

  /** The relay is short of memory: drops, whatever the policy, until no more than `bytes` wait. */
  trim(bytes: number): void {
    if (this.#ended || this.#waiting) return;
    if ((this.#prelude?.bytes ?? 0) > bytes) this.#dropPrelude(CONSUMER_OVERFLOW);
    if (this.backlog.bytes <= bytes) return;
    if (this.#resume !== undefined) {
      this.#lose(pointOf(this.#place), this.#resume, CONSUMER_OVERFLOW);
      this.#rejoin(this.#resume);
    } else {
      this.#jump(seekBytes(this.#place, this.view.bytes, bytes), CONSUMER_OVERFLOW);
    }
    if (!this.#busy) this.#write();
  }

  /** Others wait for the room that its past takes: drops what is left of that, and tells it. */
  forgo(): void {
    if (this.#ended) return;
    this.#dropPrelude(CONSUMER_OVERFLOW);
    if (!this.#busy) this.#write();
  }

  /** Writes bytes that are no part of the stream: a greeting, a comment. Dropped where the connection is busy. */
  say(text: string): void {
    if (this.#ended || this.#busy || text === '') return;
    this.#send(this.#framing(text));
  }

  /**
   * Ends the stream. What is queued and not written by now is counted as lost to the shutdown, told, and followed by
   * `farewell`.
   *
   * @param willResume the reader comes back behind what was written, so that what is queued is not told of as missing
   */
  end(farewell: string, willResume = false): void {
    if (this.#ended) return;
    this.#dropPrelude(RELAY_SHUTDOWN);
    if (this.#resume !== undefined) {
      this.#lose(pointOf(this.#place), this.#resume, RELAY_SHUTDOWN);
      this.#rejoin(this.#resume);
    }
    if (!this.#waiting) this.#jump(this.view.end, RELAY_SHUTDOWN);
    const text = this.#untold === NO_LOSSES || willResume ? farewell : this.#takeNotices() + farewell;
    this.#finish();
    if (text !== '') this.#connection.write(this.#framing(text), () => {});
    this.#connection.end();
  }

  /** The connection is gone; nothing more can be told. */
  closed(): void {
    if (!this.#ended) this.#finish();
  }

  /** Whether everything has been written and told. */
  get drained(): boolean {
    if (this.#busy || this.#prelude !== undefined || this.#untold !== NO_LOSSES) return false;
    return this.#waiting || this.view.span(this.#place) === undefined;
  }

  #write(most?: number): void {
    if (this.#waiting) return;
    if (this.#prelude !== undefined && this.#writePrelude(this.#prelude)) return;
    if (this.#resume !== undefined && gather(this.#place) === undefined) this.#rejoin(this.#resume);
    let notice = '';
    if (this.#untold !== NO_LOSSES) {
      const age = this.#host.now() - this.#toldAt;
      // Less than nothing where the clock was set back: that must not silence the stream until it has caught up.
      if (age >= 0 && age < this.options.noticeInterval) return this.#host.onHeld(this);
      notice = this.#takeNotices();
    }
    const span = this.#resume === undefined ? this.view.span(this.#place, most) : gather(this.#place);
    if (span === undefined) {
      this.#allowance = NO_ALLOWANCE;
      if (notice !== '') this.#send(this.#framing(notice));
      return;
    }
    this.#place = span.to;
    this.#delivered += span.records;
    const bytes = this.#bytesOf(span);
    this.#send(notice === '' ? bytes : Buffer.concat([this.#framing(notice), bytes]));
  }

  /** Writes the next piece of the past; false where all of it has been written. */
  #writePrelude(prelude: Prelude): boolean {
    const piece = prelude.take();
    if (piece === undefined) {
      this.#prelude = undefined;
      return false;
    }
    this.#delivered += piece.records;
    this.#send(this.#bytesOf(piece));
    return true;
  }

  /** What it has not got of the past by now, it will not get. */
  #dropPrelude(kind: number): void {
    const prelude = this.#prelude;
    const own = lossOf(kind, prelude?.left ?? 0);
    this.#prelude = undefined;
    prelude?.done();
    if (isNone(own)) return;
    this.#dropped = addLosses(this.#dropped, own);
    if (this.#untold === NO_LOSSES) this.#untoldSince = this.#host.now();
    this.#untold = addLosses(this.#untold, own);
  }

  /** The queue that `drop-newest` kept is written: the gap comes next, up to the view's end. */
  #rejoin(resume: Point): void {
    this.#resume = undefined;
    this.#place = this.view.end;
    this.#lose(resume, pointOf(this.#place), CONSUMER_OVERFLOW);
  }

  /** Compares four numbers for a consumer that keeps up. */
  #over(): boolean {
    if (this.#resume !== undefined) return false;
    const { hwm, hwmBytes } = this.options;
    const { records, bytes } = this.#allowance;
    return (
      this.view.records - recordAt(this.#place) > hwm + records ||
      this.view.bytes - byteAt(this.#place) > hwmBytes + bytes
    );
  }

  #disconnect(): void {
    this.#dropPrelude(CONSUMER_OVERFLOW);
    this.#jump(this.view.end, CONSUMER_OVERFLOW);
    const { encoder } = this.view;
    const text = this.#takeNotices() + encoder.event('bye', { reason: 'overflow' });
    this.#finish();
    this.#connection.write(this.#framing(text), () => {});
    this.#connection.end();
    this.#host.onEnd(this);
  }

  /** A connection may outlive its stream by a while, and must not keep alive what the view encodes meanwhile. */
  #finish(): void {
    this.#ended = true;
    this.#endedAt = this.view.records;
    this.#place = cutOff(this.#place, this.#place);
  }

  /** Moves on to a later place; what is in between is lost, for this consumer alone. */
  #jump(to: Place, kind: number): void {
    this.#lose(pointOf(this.#place), pointOf(to), kind);
    this.#place = to;
  }

  #lose(from: Point, to: Point, kind: number): void {
    const own = lossOf(kind, to.record - from.record);
    const untold = addLosses(own, subtractLosses(to.losses, from.losses));
    if (isNone(untold)) return;
    this.#dropped = addLosses(this.#dropped, own);
    if (this.#untold === NO_LOSSES) this.#untoldSince = this.#host.now();
    this.#untold = addLosses(this.#untold, untold);
  }

  #takeNotices(): string {
    const until = this.#host.now();
    // The kinds of loss do not meet: what is dropped here is this consumer's, the rest is of the stream up to this place.
    const totals = addLosses(this.#dropped, this.#place.link.chunk.losses);
    const notices = noticesOf(this.#untold, totals, { since: this.#untoldSince, until });
    this.#untold = NO_LOSSES;
    this.#toldAt = until;
    let text = '';
    for (const notice of notices) text += this.view.encoder.notice(notice);
    return text;
  }

  #framing(text: string): Buffer {
    return this.#connection.chunked ? frame(text).framed : Buffer.from(text, 'latin1');
  }

  /** With its framing, or without it for a connection that cannot have it (HTTP/1.0). */
  #bytesOf({ framed, start, end }: Framed): Buffer {
    return this.#connection.chunked ? framed : framed.subarray(start, end);
  }

  #send(bytes: Buffer): void {
    this.#busy = true;
    this.#writtenAt = this.#host.now();
    this.#connection.write(bytes, this.#onWritten);
  }

  /** Made once a consumer, so that a write allocates no closure. */
  readonly #onWritten = (): void => {
    this.#busy = false;
    if (!this.#ended) this.#write();
  };
}

const NO_ALLOWANCE = { records: 0, bytes: 0 };

/** A place in numbers: the next record, the bytes before it, and the upstream losses that were told before it. */
interface Point {
  readonly record: number;
  readonly bytes: number;
  readonly losses: Losses;
}

function pointOf(place: Place): Point {
  return { record: recordAt(place), bytes: byteAt(place), losses: place.link.chunk.losses };
}

/** The last place behind `from` that has no more than `hwm` records and `bytes` bytes between the two. */
function lastThatFits(from: Place, hwm: number, bytes: number): Place {
  const start = byteAt(from);
  const limit = recordAt(from) + hwm;
  let place = from;
  for (;;) {
    const { link, index } = place;
    let next: Place;
    if (index < link.chunk.count) next = { link, index: index + 1 };
    else if (link.next !== undefined) next = { link: link.next, index: Math.min(1, link.next.chunk.count) };
    else return place;
    if (recordAt(next) > limit || byteAt(next) - start > bytes) return place;
    place = next;
  }
}

import type { RefusedHandshake } from '../cluster/curve/index.js';
import { observeHandshakes, observeSidecar } from '../telemetry/index.js';
import type { StdStream } from '../wire/record.js';
import { BatchBuilder } from './batch.js';
import type { CaptureSink } from './capture/capture.js';
import { LineSplitter } from './lines.js';
import { LineJoiner } from './multiline.js';
import type { Normalizer } from './normalize/index.js';
import type { ResolvedSidecarOptions } from './options.js';
import { Publisher } from './publisher.js';
import { RecordMaker } from './record-maker.js';

/** What a run captured and what became of it. `captured = unread + queued + sent + lost + abandoned`, at every instant. */
export interface SidecarStats {
  /** Lines captured. */
  readonly captured: number;
  /** Lines captured while nobody asked for them. */
  readonly unread: number;
  /** Records handed to the socket, in so many messages and body bytes. */
  readonly sent: number;
  readonly messages: number;
  readonly sentBytes: number;
  /** Records that wait for the socket, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Records that the full queue dropped. */
  readonly lost: number;
  /** Those of them that no ledger told of. */
  readonly untold: number;
  /** Records given up at the end. */
  readonly abandoned: number;
  /** Bytes captured. */
  readonly bytes: number;
  /** Time for which a full queue kept the application waiting (policy `block`), ms. */
  readonly stalled: number;
}

export interface SidecarParts {
  readonly normalizer: Pick<Normalizer, 'record'>;
  /** A longer line is cut, bytes. Default 256 KiB. */
  readonly maxLine?: number;
  /** Join the lines of a stack trace into one record. Default false. */
  readonly multiline?: boolean;
  /** Called with true when the queue is full and the policy is `block`, with false when it has room again. */
  readonly onPressure?: (full: boolean) => void;
  /** The next read may wait for about a millisecond: the link is moving and its threads want the processor. */
  readonly onGiveWay?: () => void;
  /** Reading has been stopped: the end of a line may be there and not be read. */
  readonly isPaused?: () => boolean;
  /** A handshake with the consolidator came to nothing: the first of a kind, and again if it goes on. */
  readonly onRefused?: (refused: RefusedHandshake) => void;
  /** The consolidator subscribed to so much that it was cut off. */
  readonly onSubscriptionFlood?: () => void;
  /** The connection to the consolidator is there, or is gone. */
  readonly onLink?: (isUp: boolean) => void;
}

/** Starts publishing; hand the result to a capture as its sink. @throws {SidecarError} for a bad endpoint */
export function startSidecar(options: ResolvedSidecarOptions, parts: SidecarParts): Sidecar {
  return new Sidecar(options, parts);
}

/** How often lines that have waited too long for their end are looked for, ms. */
const EXPIRE_MS = 100;

/** A look so late shows that the process stood still, ms: what came meanwhile is read first. */
const HELD_UP_MS = 1_000;

/**
 * From bytes to batches: splits what a capture read, makes records of the lines, and queues them for the publisher.
 * While nobody reads, it counts lines and builds nothing.
 */
export class Sidecar implements CaptureSink {
  readonly #options: ResolvedSidecarOptions;
  readonly #parts: SidecarParts;
  readonly #publisher: Publisher;
  readonly #builder: BatchBuilder;
  readonly #makers: Readonly<Record<StdStream, RecordMaker>>;
  readonly #expiry: NodeJS.Timeout;
  readonly #unobserve: () => void;
  #at = 0;
  #skipped = 0;
  #bytes = 0;
  #abandoned = 0;
  #stalled = 0;
  #stalledSince: number | undefined;
  #messagesAtLastRead = 0;
  #lookedAt = Date.now();

  constructor(options: ResolvedSidecarOptions, parts: SidecarParts) {
    this.#options = options;
    this.#parts = parts;
    const { onRefused, onSubscriptionFlood, onLink } = parts;
    this.#publisher = new Publisher(options, {
      onDrain: () => this.#relieve(),
      ...(onRefused && { onRefused }),
      ...(onSubscriptionFlood && { onSubscriptionFlood }),
      ...(onLink && { onLink }),
    });
    this.#builder = new BatchBuilder(options.batchBytes, (body, count) =>
      this.#publisher.queue.push(body, count, this.#at),
    );
    this.#makers = { stdout: this.#maker('stdout'), stderr: this.#maker('stderr') };
    this.#expiry = setInterval(() => this.#expire(), EXPIRE_MS).unref();
    const stops = [observeSidecar(this), observeHandshakes('sidecar', this.#publisher.refused)];
    this.#unobserve = () => stops.forEach((stop) => stop());
  }

  get stats(): SidecarStats {
    const { queue, stats } = this.#publisher;
    const stalling = this.#stalledSince === undefined ? 0 : performance.now() - this.#stalledSince;
    return {
      captured: this.#skipped + queue.next,
      unread: this.#skipped + stats.unread,
      sent: stats.sent,
      messages: stats.messages,
      sentBytes: stats.bytes,
      queued: queue.records,
      queuedBytes: queue.bytes,
      lost: queue.lost,
      untold: stats.untold,
      abandoned: this.#abandoned,
      bytes: this.#bytes,
      stalled: this.#stalled + stalling,
    };
  }

  /** Hot: once a read. */
  chunk(stream: StdStream, data: Buffer, at?: number): void {
    this.#bytes += data.length;
    const maker = this.#makers[stream];
    if (this.#publisher.interest === 'unread') {
      this.#skipped += maker.skip(data);
      return;
    }
    this.#at = Date.now();
    this.#skipped += maker.push(data, this.#at, at);
    this.#send();
  }

  /** The outputs have ended: sends what is left within the flush timeout. Answers the final account. Idempotent. */
  async close(): Promise<SidecarStats> {
    clearInterval(this.#expiry);
    this.#at = Date.now();
    for (const maker of [this.#makers.stdout, this.#makers.stderr]) this.#skipped += maker.end();
    this.#builder.flush();
    this.#abandoned += await this.#publisher.close();
    this.#unobserve();
    return this.stats;
  }

  #maker(stream: StdStream): RecordMaker {
    const { maxLine, multiline, normalizer } = this.#parts;
    return new RecordMaker(stream, {
      splitter: new LineSplitter(maxLine === undefined ? {} : { maxLine }),
      ...(multiline && { joiner: new LineJoiner() }),
      normalizer,
      emit: (record) => this.#builder.add(record),
    });
  }

  #send(): void {
    this.#builder.flush();
    this.#publisher.kick();
    if (
      this.#options.overflow === 'block' &&
      this.#stalledSince === undefined &&
      this.#publisher.queue.full
    ) {
      this.#stalledSince = performance.now();
      this.#parts.onPressure?.(true);
    }
    this.#giveWay();
  }

  /**
   * On a machine with fewer processors than busy processes, a flood of lines takes the time that the socket's own thread
   * and the consolidator need to take it away. So while they make progress and the queue is half full all the same, the
   * reader steps back for a moment a read. A link that stands still is not waited for.
   */
  #giveWay(): void {
    const { queue, stats } = this.#publisher;
    const isMoving = stats.messages !== this.#messagesAtLastRead;
    this.#messagesAtLastRead = stats.messages;
    if (isMoving && queue.records > this.#options.hwm / 2) this.#parts.onGiveWay?.();
  }

  #relieve(): void {
    if (this.#stalledSince === undefined) return;
    this.#stalled += performance.now() - this.#stalledSince;
    this.#stalledSince = undefined;
    this.#parts.onPressure?.(false);
  }

  #expire(): void {
    if (this.#publisher.interest === 'unread') return;
    const now = Date.now();
    this.#at = now;
    const isHeldUp = Math.abs(now - this.#lookedAt) > HELD_UP_MS || this.#parts.isPaused?.() === true;
    this.#lookedAt = now;
    for (const maker of [this.#makers.stdout, this.#makers.stderr]) {
      if (isHeldUp) maker.postpone(now);
      else maker.expire(now);
    }
    this.#builder.flush();
    this.#publisher.kick();
  }
}

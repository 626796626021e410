import { addLosses, NO_LOSSES, owedOf, type Losses } from '../accounting/index.js';
import { formatStream, type Stream } from '../wire/index.js';
import { Attendance } from './attendance.js';
import type { Connection } from './connection.js';
import { Consumer, type ConsumerHost, type ConsumerOptions } from './consumer.js';
import { encoderFor, type Format } from './encode/index.js';
import { createFilter, type FilterSpec } from './filter.js';
import { absenceNotice } from './notice.js';
import type { Flushable } from './pacer.js';
import { Position } from './position.js';
import type { RecordBatch } from './record-batch.js';
import { View, type Place } from './view.js';
import { Watch } from './watch.js';

/**
 * A relay's one shared view of one stream, however many consumers read it: it takes each batch once, hands it to a
 * {@link View} for every format and filter that somebody uses, and keeps the stream's cursor.
 */
export class Hub implements Flushable {
  readonly stream: Stream;
  /** The ZeroMQ subscription that feeds it. */
  readonly prefix: string;
  readonly attendance = new Attendance();
  /** Since when the stream is read, ms, monotonic. */
  readonly since = performance.now();
  readonly #noticeInterval: number;
  readonly #views = new Map<string, { view: View; consumers: Set<Consumer> }>();
  /** How far the stream has come in. */
  readonly position = new Position();
  readonly #watch = new Watch();
  #losses: Losses = NO_LOSSES;
  #untold: Losses = NO_LOSSES;
  #untoldSince = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(stream: Stream, noticeInterval: number) {
    this.stream = stream;
    this.prefix = formatStream(stream);
    this.#noticeInterval = noticeInterval;
  }

  get size(): number {
    let size = 0;
    for (const { consumers } of this.#views.values()) size += consumers.size;
    return size;
  }

  *consumers(): Generator<Consumer> {
    for (const { consumers } of this.#views.values()) yield* consumers;
  }

  join(
    connection: Connection,
    format: Format,
    filter: FilterSpec,
    options: ConsumerOptions,
    host: ConsumerHost,
    cursors = false,
  ): Consumer {
    // What was lost before this consumer came is the others' business.
    this.settle(host.now());
    const wanted = createFilter(filter);
    const key = `${format}${cursors ? '+' : ''} ${wanted.key}`;
    let entry = this.#views.get(key);
    if (entry === undefined) {
      entry = { view: new View(encoderFor(format, cursors), wanted, this.#losses), consumers: new Set() };
      this.#views.set(key, entry);
    }
    const consumer = new Consumer(entry.view, connection, options, host);
    entry.consumers.add(consumer);
    return consumer;
  }

  leave(consumer: Consumer): void {
    for (const [key, { consumers }] of this.#views) {
      if (consumers.delete(consumer) && consumers.size === 0) this.#views.delete(key);
    }
  }

  /**
   * Everything of the stream below `offset` has come from this consolidator, or is lost. Hot: once a message.
   *
   * @param holds whether the consolidator has something of the stream
   */
  hear(node: string, offset: number, holds: boolean): void {
    this.attendance.note(node, offset);
    this.position.note(node, offset, holds);
    this.#watch.look();
  }

  /** Resolves when `condition` holds, which is looked at whenever something came, or after so many ms. */
  until(condition: () => boolean, ms: number): Promise<void> {
    return this.#watch.until(condition, ms);
  }

  /** The ends of its views now: what comes from now on stands behind them. */
  get ends(): Map<View, Place> {
    return new Map(Array.from(this.#views.values(), ({ view }) => [view, view.end]));
  }

  /** Hot: once a message. `from` records at the batch's start were seen before. */
  append(batch: RecordBatch, from: number): void {
    let prefix = '';
    if (batch.node !== '') {
      prefix = this.position.prefixFor(batch.node);
      this.position.note(batch.node, batch.offset + batch.lines.length, true);
    }
    for (const { view } of this.#views.values()) view.append(batch, from, prefix);
    this.#watch.look();
  }

  /**
   * Records of this stream are missing at this point. The first loss is told where it is; those of the same second are
   * told together when it is over.
   */
  lose(losses: Losses, now: number): void {
    if (this.#untold === NO_LOSSES) this.#untoldSince = now;
    this.#untold = addLosses(this.#untold, losses);
    this.#losses = addLosses(this.#losses, losses);
    this.position.owed = owedOf(this.#untold);
    this.tellLosses(now);
  }

  /** Tells the losses that have waited long enough; answers whether there were any. */
  tellLosses(now: number): boolean {
    const age = now - this.#toldAt;
    // Less than nothing where the clock was set back.
    if (age >= 0 && age < this.#noticeInterval) return false;
    return this.settle(now);
  }

  /** Tells the losses that wait, however young the last notice is; answers whether there were any. */
  settle(now: number): boolean {
    if (this.#untold === NO_LOSSES) return false;
    const before = this.position.text;
    this.position.owed = owedOf(NO_LOSSES);
    const span = { since: this.#untoldSince, until: now };
    const cursors = { before, after: this.position.text };
    for (const { view } of this.#views.values()) view.appendLosses(this.#untold, span, cursors);
    this.#untold = NO_LOSSES;
    this.#toldAt = now;
    return true;
  }

  /** Nobody can tell how many records are missing at this point. */
  tellUnknown(now: number): void {
    for (const { view } of this.#views.values()) view.appendNotice(absenceNotice(now), this.position.text);
  }

  /** A named event for all consumers whose format has such a thing. */
  announce(name: string, data: unknown, cursor = ''): void {
    for (const { view } of this.#views.values()) view.appendEvent(name, data, cursor);
  }

  flush(): boolean {
    let over = false;
    for (const { view, consumers } of this.#views.values()) {
      for (const consumer of consumers) if (consumer.pump()) over = true;
      view.forgetSpans();
    }
    return over;
  }

  enforce(): void {
    for (const consumer of this.consumers()) consumer.enforce();
  }

  /**
   * Bytes that its consumers' buffers hold: in each view what the furthest behind keeps alive, and what some keep apart.
   * Their pasts have a room of their own.
   */
  get buffered(): number {
    let sum = 0;
    for (const { consumers } of this.#views.values()) {
      let shared = 0;
      for (const { backlog } of consumers) {
        if (backlog.apart) sum += backlog.bytes;
        else shared = Math.max(shared, backlog.bytes);
      }
      sum += shared;
    }
    return sum;
  }

  /** Drops what waits beyond `bytes` in all: each view keeps an equal part, nobody keeps anything apart. */
  trim(bytes: number): void {
    const each = bytes / this.#views.size;
    for (const consumer of this.consumers()) consumer.trim(consumer.backlog.apart ? 0 : each);
  }
}

import type { Outlet } from './outlet.js';
import { ByteRing } from './ring.js';

/** Output that was captured but not passed through. */
export interface Unpassed {
  readonly bytes: number;
  /** Line ends among those bytes. */
  readonly lines: number;
}

export interface LaneEvents {
  /** Output passes through again, from the beginning of a line: `untold` says what is missing before it. */
  onResumed(): void;
  /** Writing failed: nothing passes through any more. */
  onBroken(error: Error): void;
  /** After a `write` that answered false: there is room again. */
  onWritable(): void;
}

const NONE: Unpassed = { bytes: 0, lines: 0 };
const LF = 0x0a;
const LINE_END = Buffer.from('\n');

/** Waiting for room takes no more than this, so that a reader that takes nothing keeps at most this much in doubt. */
const WAIT_BYTES = 4096;

/**
 * One output on its way out. What its reader does not take waits in a ring; what the ring cannot hold is cut off at the
 * end of a line, and once the ring is half empty output goes on at the beginning of one.
 *
 * ```
 *            ring full                ring half empty           a line begins
 *  passing ───────────▶ dropping ───────────────────▶ skipping ──────────────▶ passing
 * ```
 */
export class Lane {
  readonly #outlet: Outlet;
  readonly #ring: ByteRing;
  readonly #events: LaneEvents;
  #state: 'passing' | 'dropping' | 'skipping' | 'broken' = 'passing';
  /** A `writeLater` is on its way; it alone may write. */
  #waiting = false;
  /** The last byte that was taken did not end a line. */
  #lineOpen = false;
  /** The last byte that was dropped did not end a line. */
  #cutOpen = false;
  #pressed = false;
  #untold = NONE;
  #total = NONE;
  #whenEmpty: (() => void) | undefined;

  /** @param pendingBytes what the ring holds */
  constructor(outlet: Outlet, pendingBytes: number, events: LaneEvents) {
    this.#outlet = outlet;
    this.#ring = new ByteRing(pendingBytes);
    this.#events = events;
  }

  /** Hot: once a read. Copies what has to wait. @returns false once half of the ring is full */
  write(data: Buffer): boolean {
    if (this.#state === 'passing') this.#take(data);
    else this.#outOfTurn(data);
    this.#pressed = this.#overHalf;
    return !this.#pressed;
  }

  /** Writes a line of our own between the lines of the output. @returns false if there is no room for it now */
  interject(line: string): boolean {
    const text = this.#asLine(line);
    if (this.#state !== 'passing' || text.length > this.#ring.room) return false;
    this.#take(text);
    return true;
  }

  /** What was dropped since `markTold`; undefined if nothing was. */
  get untold(): Unpassed | undefined {
    return this.#untold.bytes > 0 ? this.#untold : undefined;
  }

  markTold(): void {
    this.#untold = NONE;
  }

  get passing(): boolean {
    return this.#state === 'passing';
  }

  /** `write` answered false, and `onWritable` is still to come. */
  get pressed(): boolean {
    return this.#pressed;
  }

  get broken(): boolean {
    return this.#state === 'broken';
  }

  get unpassed(): Unpassed {
    return this.#total;
  }

  /** Settles when nothing waits. For one waiter. */
  drained(): Promise<void> {
    if (this.#ring.length === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenEmpty = resolve));
  }

  /** Gives up what waits, and counts it as dropped. */
  stop(): void {
    this.#state = 'broken';
    this.#dropRing();
  }

  /** @param lastWords a line that is written if it can be at once */
  close(lastWords?: string): void {
    this.stop();
    try {
      if (lastWords !== undefined) this.#outlet.write(this.#asLine(lastWords));
    } catch {
      // Nobody is there to read them.
    }
    this.#outlet.close();
  }

  #outOfTurn(data: Buffer): void {
    if (this.#state !== 'skipping') return this.#drop(data);
    const start = data.indexOf(LF) + 1;
    this.#drop(start === 0 ? data : data.subarray(0, start));
    if (start === 0) return;
    this.#resume();
    this.#take(data.subarray(start));
  }

  #take(data: Buffer): void {
    if (data.length === 0) return;
    const direct = this.#ring.length === 0 ? this.#writeNow(data) : 0;
    if (this.broken) return this.#drop(data);
    const rest = data.subarray(direct);
    const { room } = this.#ring;
    const fits = rest.length <= room;
    const kept = fits ? rest : rest.subarray(0, room === 0 ? 0 : rest.lastIndexOf(LF, room - 1) + 1);
    this.#ring.push(kept);
    const taken = direct + kept.length;
    if (taken > 0) this.#lineOpen = data[taken - 1] !== LF;
    if (this.#ring.length > 0 && !this.#waiting) this.#wait();
    if (fits) return;
    this.#state = 'dropping';
    this.#drop(rest.subarray(kept.length));
    this.#recover(); // At once, if it was a line longer than the ring.
  }

  get #overHalf(): boolean {
    return this.#ring.length > this.#ring.capacity / 2;
  }

  #asLine(line: string): Buffer {
    return Buffer.from(this.#lineOpen ? `\n${line}\n` : `${line}\n`);
  }

  #wait(): void {
    this.#waiting = true;
    const head = this.#ring.peek().subarray(0, WAIT_BYTES);
    this.#outlet.writeLater(head, (error) => {
      this.#waiting = false;
      if (this.#state === 'broken') return;
      if (error) return this.#break(error);
      this.#ring.consume(head.length);
      this.#pump();
    });
  }

  /** There is room again: writes until there is none. */
  #pump(): void {
    while (this.#ring.length > 0) {
      const written = this.#writeNow(this.#ring.peek());
      if (written === 0) break;
      this.#ring.consume(written);
    }
    if (this.#ring.length > 0) this.#wait();
    this.#recover();
    if (!this.#overHalf) this.#settle();
  }

  #recover(): void {
    if (this.#state !== 'dropping' || this.#overHalf) return;
    this.#state = 'skipping';
    if (!this.#cutOpen) this.#resume();
  }

  #resume(): void {
    this.#state = 'passing';
    if (this.#lineOpen) this.#take(LINE_END); // What was taken of a line that was cut must not run into the next one.
    this.#events.onResumed();
  }

  #writeNow(data: Buffer): number {
    try {
      return this.#outlet.write(data);
    } catch (error) {
      this.#break(error as Error);
      return 0;
    }
  }

  #break(error: Error): void {
    this.stop();
    this.#events.onBroken(error);
  }

  #dropRing(): void {
    while (this.#ring.length > 0) {
      const waiting = this.#ring.peek();
      this.#drop(waiting);
      this.#ring.consume(waiting.length);
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#ring.length === 0) this.#whenEmpty?.();
    if (!this.#pressed) return;
    this.#pressed = false;
    this.#events.onWritable();
  }

  #drop(data: Buffer): void {
    if (data.length === 0) return;
    const lines = countLineEnds(data);
    this.#untold = { bytes: this.#untold.bytes + data.length, lines: this.#untold.lines + lines };
    this.#total = { bytes: this.#total.bytes + data.length, lines: this.#total.lines + lines };
    this.#cutOpen = data[data.length - 1] !== LF;
  }
}

function countLineEnds(data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(LF); at !== -1; at = data.indexOf(LF, at + 1)) count += 1;
  return count;
}

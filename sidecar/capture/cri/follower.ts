import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { StdStream } from '../../../wire/record.js';
import type { CaptureSink, Pausable } from '../capture.js';
import type { LifeEvent, OnLife } from '../lifecycle.js';
import { TimedChunks } from '../source-chunks.js';
import { CriParser } from './parser.js';
import { remaining, successor, type Succession } from './rotation.js';
import { seekTime } from './seek.js';
import { FileTail } from './tail.js';

export interface FollowerOptions {
  readonly sink: CaptureSink;
  readonly onLife: OnLife;
  /** Lines from before are passed over, ms since the epoch. */
  readonly since: number;
  /** A log is gone when nothing was at its path, and nothing was written to it, for so long, ms. */
  readonly goneMs?: number;
}

/** Reads of 64 KiB before the rest of the process has its turn: 1 MiB, some 10 ms of work. */
const READS_PER_TURN = 16;
/** What follows a file is looked for so often, ms; when the folder changes, at once. */
const SUCCESSION_MS = 1_000;
/**
 * A kubelet renames the file and then asks the runtime to open another. In between, which is milliseconds or, on a busy
 * machine, seconds, nothing is at the path, and the container prints into the renamed one.
 */
const GONE_MS = 5_000;
/** What a runtime still had in hand when it opened the next file goes into the old one, ms. */
const LATE_MS = 50;

/**
 * Follows one container's log through rotation and restarts. Each file is read to its end before the next is begun, and
 * on for a while after the next was seen, or after nothing was seen at its path: a runtime may still write to the old one
 * while it changes over.
 *
 * ```
 *        end, nothing follows        end, another file follows, for 50 ms
 *  ┌──────────────┐   ┌─────────────────────────────────────────┐
 *  ▼              │   │                                         ▼
 *  reading ───────┴───┼──▶ reading on ───────────────────▶ the next file
 *                     └──▶ reading on ───────────────────▶ gone
 *                            end, nothing at its path, for 5 s
 * ```
 */
export class CriFollower implements Pausable {
  readonly #options: FollowerOptions;
  readonly #parser = new CriParser();
  readonly #chunks: TimedChunks;
  #live: string;
  #tail: FileTail | undefined;
  #watcher: FSWatcher | undefined;
  #watched = '';
  #paused = false;
  #closed = false;
  #scheduled: NodeJS.Immediate | undefined;
  #lookedAt = 0;
  /** What was found to come after the file, which is read on for a while. */
  #leaving: { readonly kind: Succession['kind']; readonly since: number } | undefined;
  #look: NodeJS.Timeout | undefined;
  /** When the file last had something new. */
  #readAt = 0;
  /** Told to stop: called once all that is there was handed over. */
  #onEnd: (() => void) | undefined;
  #gone = false;
  #failed = false;
  #isMalformed = false;

  /** @param file the first to be read; it may be rotated away, or not be there, by the time of the first `poll` */
  constructor(file: string, options: FollowerOptions) {
    this.#live = file;
    this.#options = options;
    this.#chunks = new TimedChunks(options.sink);
  }

  /** The file that the runtime writes to, as far as we have come. */
  get file(): string {
    return this.#live;
  }

  /** The log is no longer there, and what was in it was handed over. */
  get gone(): boolean {
    return this.#gone;
  }

  /** The log is there and cannot be read. */
  get failed(): boolean {
    return this.#failed;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#soon();
  }

  /** Reads what there is, a bounded part of it at a time. Called by the owner's clock, and by changes in the folder. */
  poll(): void {
    if (this.#paused || this.#closed) return;
    if (!this.#gone && !this.#failed) this.#step();
    if (this.#gone || this.#failed) this.#onEnd?.();
  }

  /**
   * Reads to the end of what there is, later files included, and closes. Who says pause is still obeyed, up to the
   * deadline; what has not been read by then is told of.
   */
  async stop(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      timer = setTimeout(() => {
        this.#giveUp();
        resolve();
      }, deadlineMs);
      if (this.#closed) resolve();
      else this.poll();
    });
    clearTimeout(timer);
    this.close();
  }

  /** Reads no more. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#scheduled);
    clearTimeout(this.#look);
    this.#drop();
    this.#onEnd?.();
  }

  #step(): void {
    try {
      if (this.#tail === undefined && !this.#open()) return;
      if (this.#tail?.wasCut()) this.#cut();
      if (this.#readOn()) this.#succeed();
    } catch (error) {
      this.#lose(`${this.#live} cannot be read: ${(error as Error).message}`);
      this.#drop();
      this.#failed = true;
    }
  }

  #giveUp(): void {
    if (this.#tail === undefined) return;
    try {
      const bytes = remaining(this.#tail, this.#live);
      if (bytes > 0)
        this.#tell('lost', `${bytes} bytes of ${this.#live} were not read before the end`, { bytes });
    } catch (error) {
      this.#lose(`some of ${this.#live} was not read before the end: ${(error as Error).message}`);
    }
  }

  #open(): boolean {
    this.#tail = open(this.#live, (fd, size) => seekTime(fd, size, this.#options.since));
    this.#gone = this.#tail === undefined;
    if (!this.#gone) this.#begin();
    return !this.#gone;
  }

  #begin(): void {
    this.#watch();
    this.#tell('started', `following ${this.#live}`);
  }

  /** Whether the end has been reached; else the next turn goes on. */
  #readOn(): boolean {
    const now = Date.now();
    for (let reads = 0; reads < READS_PER_TURN; reads += 1) {
      if (this.#paused) return false;
      const more = this.#tail?.read((bytes) => this.#parser.push(bytes, now, this.#take));
      this.#chunks.flush();
      this.#tellMalformed();
      if (more !== true) return true;
      this.#readAt = performance.now();
    }
    this.#soon();
    return false;
  }

  readonly #take = (stream: StdStream, content: Buffer, at: number): void => {
    if (at >= this.#options.since) this.#chunks.add(stream, content, at);
  };

  #succeed(): void {
    const tail = this.#tail;
    const now = performance.now();
    const isLast = this.#onEnd !== undefined;
    if (tail === undefined || (now - this.#lookedAt < SUCCESSION_MS && !isLast)) return;
    this.#lookedAt = now;
    const next = successor(tail, this.#live);
    if (isLast && (next.kind === 'none' || next.kind === 'gone')) {
      this.#endFile();
      this.#onEnd?.();
    } else if (next.kind === 'none') {
      this.#leaving = undefined;
    } else {
      if (this.#leaving?.kind !== next.kind) this.#leaving = { kind: next.kind, since: now };
      const left = this.#leaveAt(this.#leaving.since, next.kind) - now;
      if (left > 0) this.#lookIn(left);
      else this.#turn(tail, next);
    }
  }

  #leaveAt(since: number, kind: Succession['kind']): number {
    if (kind !== 'gone') return since + LATE_MS;
    return Math.max(since, this.#readAt) + (this.#options.goneMs ?? GONE_MS);
  }

  #turn(tail: FileTail, next: Exclude<Succession, { kind: 'none' }>): void {
    if (next.kind === 'gone') {
      this.#endFile();
      this.#gone = true;
      this.#drop();
      return this.#tell('ended', `${tail.path} is no longer there`);
    }
    const opened = open(next.path);
    if (opened === undefined) return this.#lookIn(LATE_MS); // Renamed or compressed since: it goes by another name.
    this.#leaving = undefined;
    this.#lookedAt = Number.NEGATIVE_INFINITY; // More may have come after it than this one.
    this.#endFile();
    tail.close();
    this.#tail = opened;
    if (next.kind === 'rotated') {
      if (next.missed > 0)
        this.#lose(`${next.missed} rotated files of ${this.#live} were compressed before they were read`);
    } else {
      this.#chunks.closeLines();
      this.#tell('ended', `the run that wrote ${tail.path} is over`);
      this.#live = next.path;
      this.#begin();
    }
    this.#soon();
  }

  /** Reads on, and looks for what follows anew, by then. */
  #lookIn(ms: number): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => {
      this.#lookedAt = Number.NEGATIVE_INFINITY;
      this.poll();
    }, ms).unref();
  }

  /** Says it once: such a file is most often none of a container runtime's. */
  #tellMalformed(): void {
    if (this.#isMalformed || this.#parser.malformed === 0) return;
    this.#isMalformed = true;
    this.#lose(`${this.#live} has lines that are not in the CRI format: they are sent as they are`);
  }

  #cut(): void {
    this.#endFile();
    this.#chunks.closeLines();
    this.#lose(`${this.#live} was truncated: what had not been read of it is lost`);
  }

  #endFile(): void {
    this.#parser.reset(Date.now(), this.#take);
    this.#chunks.flush();
  }

  #drop(): void {
    this.#chunks.closeLines();
    this.#tail?.close();
    this.#tail = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** A change wakes the reader within a millisecond; where there are no watches left, the owner's clock has to do. */
  #watch(): void {
    const folder = dirname(this.#live);
    if (folder === this.#watched) return;
    this.#watched = folder;
    this.#watcher?.close();
    try {
      this.#watcher = watch(folder, { persistent: false }, (event) => {
        if (event === 'rename') this.#lookedAt = Number.NEGATIVE_INFINITY;
        this.#soon();
      });
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  #soon(): void {
    if (this.#closed) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.poll();
    });
  }

  #lose(msg: string): void {
    this.#tell('lost', msg);
  }

  #tell(kind: LifeEvent['kind'], msg: string, fields?: LifeEvent['fields']): void {
    this.#options.onLife({ kind, msg, fields: { file: this.#live, ...fields } });
  }
}

/** Undefined if it is not there. */
function open(path: string, startAt?: (fd: number, size: number) => number): FileTail | undefined {
  try {
    return new FileTail(path, startAt);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { StdStream } from '../../../wire/record.js';
import type { CaptureSink, Pausable } from '../capture.js';
import type { LifeEvent, OnLife } from '../lifecycle.js';
import { TimedChunks } from '../source-chunks.js';
import { CriParser } from './parser.js';
import { successor, type Succession } from './rotation.js';
import { seekTime } from './seek.js';
import { FileTail } from './tail.js';

export interface FollowerOptions {
  readonly sink: CaptureSink;
  readonly onLife: OnLife;
  /** Lines from before are passed over, ms since the epoch. */
  readonly since: number;
}

/** Reads of 64 KiB before the rest of the process has its turn: 1 MiB, some 10 ms of work. */
const READS_PER_TURN = 16;
/** What follows a file is looked for so often, ms; when the folder changes, at once. */
const SUCCESSION_MS = 1_000;

/**
 * Follows one container's log through rotation and restarts. Each file is read to its end before the next is begun, and
 * once more after the next was seen: a runtime may still write to the old one while it changes over.
 *
 * ```
 *        end, nothing follows          end, another file follows
 *  ┌──────────────┐   ┌─────────────────────────────┐
 *  ▼              │   │                             ▼
 *  reading ───────┴───┴──▶ reading on ── end ──▶ the next file
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
  /** Something follows, and the old file is read once more. */
  #leaving = false;
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
    if (this.#paused || this.#closed || this.#gone || this.#failed) return;
    try {
      if (this.#tail === undefined && !this.#open(this.#live, this.#options.since)) return;
      if (this.#tail?.wasCut()) this.#cut();
      if (this.#readOn()) this.#succeed();
    } catch (error) {
      this.#lose(`${this.#live} cannot be read: ${(error as Error).message}`);
      this.#drop();
      this.#failed = true;
    }
  }

  /** Hands over what is there, and stops. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.poll();
    this.#closed = true;
    clearImmediate(this.#scheduled);
    this.#drop();
  }

  #open(path: string, since?: number): boolean {
    try {
      this.#tail = new FileTail(path, (fd, size) => (since === undefined ? 0 : seekTime(fd, size, since)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#gone = true;
      return false;
    }
    this.#watch();
    this.#tell('started', `following ${path}`);
    return true;
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
    if (tail === undefined || (now - this.#lookedAt < SUCCESSION_MS && !this.#leaving)) return;
    this.#lookedAt = now;
    const next = successor(tail, this.#live);
    if (next.kind === 'none') {
      this.#leaving = false;
    } else if (this.#leaving) {
      this.#leaving = false;
      this.#turn(next);
    } else {
      this.#leaving = true; // The next poll reads it once more.
    }
  }

  #turn(next: Exclude<Succession, { kind: 'none' }>): void {
    const { path } = this.#tail as FileTail;
    this.#endFile();
    if (next.kind === 'gone') {
      this.#gone = true;
      this.#drop();
      return this.#tell('ended', `${path} is no longer there`);
    }
    this.#tail?.close();
    if (next.kind === 'rotated') {
      if (next.missed > 0)
        this.#lose(`${next.missed} rotated files of ${this.#live} were compressed before they were read`);
      this.#tail = new FileTail(next.path);
    } else {
      this.#chunks.closeLines();
      this.#tell('ended', `the run that wrote ${path} is over`);
      this.#live = next.path;
      this.#tail = undefined;
      this.#open(next.path);
    }
    this.#soon();
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

  #tell(kind: LifeEvent['kind'], msg: string): void {
    this.#options.onLife({ kind, msg, fields: { file: this.#live } });
  }
}

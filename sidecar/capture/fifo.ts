import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { StdStream } from '../../wire/record.js';
import { DEFAULT_DRAIN_TIMEOUT_MS, type CaptureEnd, type CaptureSink, type Following } from './capture.js';
import type { OnLife } from './lifecycle.js';
import { readOutput, type Reader } from './reader.js';

export interface FifoPaths {
  readonly stdout: string;
  /** Without it, everything counts as standard output. */
  readonly stderr?: string;
}

export interface FifoOptions {
  readonly onLife?: OnLife;
  /** After `stop`, how long a writer that is there may still have a last word, ms. */
  readonly drainTimeoutMs?: number;
  /** How often a FIFO that is not there, or is another one by now, is looked for, ms. */
  readonly lookMs?: number;
}

const LOOK_MS = 250;

/**
 * Reads the FIFOs that a container writes into. They may appear later, be made anew, and their writers may come and go:
 * the end of one writer is not the end. A writer that opens a FIFO waits until somebody reads it, so nothing that is
 * printed before is lost.
 */
export function attachFifo(paths: FifoPaths, sink: CaptureSink, options: FifoOptions = {}): Following {
  const lanes = (['stdout', 'stderr'] as const).flatMap((stream) => {
    const path = paths[stream];
    return path === undefined ? [] : [new FifoLane(path, stream, sink, options)];
  });
  let over!: (end: CaptureEnd) => void;
  const ended = new Promise<CaptureEnd>((resolve) => (over = resolve));
  let stopping = false;
  return {
    ended,
    pause: () => lanes.forEach((lane) => lane.pause()),
    resume: () => lanes.forEach((lane) => lane.resume()),
    stop() {
      if (stopping) return;
      stopping = true;
      const drained = lanes.map((lane) => lane.stop(options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS));
      void Promise.all(drained).then((held) => over({ code: 0, held: held.flat() }));
    },
    close() {
      for (const lane of lanes) lane.close();
      over({ code: 0, held: [] });
    },
  };
}

const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;
const LINE_END = Buffer.from('\n');
/** What a probe reads is handed on before the next. */
const PROBE = Buffer.allocUnsafeSlow(4096);

/**
 * One FIFO. `#keeper` stays open: with it there is a reader at every moment, so that a writer between
 * two of our readers neither dies of EPIPE nor loses what it wrote. Each reader sees the end of its writers; Linux tells
 * a new one of no end before it has had a writer of its own (`pipe_poll`, `f_version`), so waiting costs nothing. But a
 * writer that came and went while there was only the keeper has no end that a reader is told of: `#probe` finds it.
 */
class FifoLane {
  readonly #path: string;
  readonly #stream: StdStream;
  readonly #sink: CaptureSink;
  readonly #onLife: OnLife;
  readonly #look: NodeJS.Timeout;
  #keeper: number | undefined;
  #reader: Reader | undefined;
  /** Bytes have come since the last end. */
  #writing = false;
  #lineOpen = false;
  #paused = false;
  #stopped = false;
  #refused = false;
  /** What is at the path cannot be seen. */
  #unseen = false;
  #onIdle = (): void => undefined;

  constructor(path: string, stream: StdStream, sink: CaptureSink, options: FifoOptions) {
    this.#path = path;
    this.#stream = stream;
    this.#sink = sink;
    this.#onLife = options.onLife ?? (() => undefined);
    this.#look = setInterval(() => this.#check(), options.lookMs ?? LOOK_MS);
    setImmediate(() => this.#check());
  }

  pause(): void {
    this.#paused = true;
    this.#reader?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#reader?.resume();
  }

  /** Waits for the end of who writes now. Answers the stream if it was still held at the deadline. */
  async stop(deadlineMs: number): Promise<StdStream[]> {
    this.#stopped = true;
    this.resume(); // Paused, it would not see the end.
    this.#probe();
    let timer: NodeJS.Timeout | undefined;
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        timer = setTimeout(resolve, deadlineMs);
      });
    }
    clearTimeout(timer);
    const held = this.#writing;
    this.close();
    return held ? [this.#stream] : [];
  }

  close(): void {
    this.#stopped = true;
    clearInterval(this.#look);
    this.#letGo();
  }

  #check(): void {
    if (this.#stopped) return;
    if (this.#keeper !== undefined) {
      if (this.#isSame(this.#keeper)) return this.#probe();
      this.#letGo();
      this.#tell('lost', `${this.#path} is no longer there, or another FIFO by now`);
    }
    this.#open();
  }

  #isSame(keeper: number): boolean {
    const ours = fstatSync(keeper);
    let there;
    try {
      there = statSync(this.#path, { throwIfNoEntry: false });
    } catch (error) {
      // A folder that may not be searched any more says nothing of the FIFO, which is open: it is read on.
      if (!this.#unseen) this.#tell('lost', `${this.#path} cannot be looked at: ${(error as Error).message}`);
      this.#unseen = true;
      return true;
    }
    this.#unseen = false;
    return there?.ino === ours.ino && there.dev === ours.dev;
  }

  #open(): void {
    try {
      const found = statSync(this.#path, { throwIfNoEntry: false });
      if (found === undefined) return;
      if (!found.isFIFO()) return this.#refuse('is no FIFO: make one there with mkfifo');
      this.#keeper = openSync(this.#path, READ_WITHOUT_WAITING);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // Gone again: the next look decides.
      return this.#refuse(`cannot be opened: ${(error as Error).message}`);
    }
    this.#read(this.#keeper);
  }

  /** Says it once, and goes on looking: it may be put right. */
  #refuse(why: string): void {
    if (!this.#refused) this.#tell('lost', `${this.#path} ${why}`);
    this.#refused = true;
  }

  #read(keeper: number): void {
    let fd;
    try {
      fd = openSync(`/proc/self/fd/${keeper}`, READ_WITHOUT_WAITING); // The same pipe, whatever the path names by now.
    } catch (error) {
      this.#letGo();
      return this.#refuse(`cannot be opened: ${(error as Error).message}`);
    }
    const reader = readOutput(fd, (data) => this.#take(data));
    this.#reader = reader;
    if (this.#paused) reader.pause();
    void reader.ended.then((error) => {
      if (this.#reader !== reader) return;
      this.#reader = undefined;
      if (error !== undefined) {
        this.#letGo(); // The next look opens it anew.
        this.#tell('lost', error.message);
      } else {
        this.#writerGone();
        if (!this.#stopped) this.#read(keeper);
      }
    });
  }

  /** Asks whether somebody writes, as only reading can. */
  #probe(): void {
    if (this.#keeper === undefined || !this.#writing || this.#paused) return;
    let length;
    try {
      length = readSync(this.#keeper, PROBE);
    } catch {
      return; // EAGAIN: there is a writer, and nothing to read now.
    }
    if (length === 0) this.#writerGone();
    else this.#take(PROBE.subarray(0, length)); // The next look asks again.
  }

  #take(data: Buffer): void {
    this.#refused = false;
    if (!this.#writing) {
      this.#tell('started', `${this.#path} is written to`);
      setImmediate(() => this.#probe());
    }
    this.#writing = true;
    this.#lineOpen = data[data.length - 1] !== 0x0a;
    this.#sink.chunk(this.#stream, data);
  }

  /** A line that the last writer left open is no beginning of the next one's first. */
  #writerGone(): void {
    if (this.#lineOpen) this.#sink.chunk(this.#stream, LINE_END);
    this.#lineOpen = false;
    if (this.#writing) this.#tell('ended', `nobody writes to ${this.#path} any more`);
    this.#writing = false;
    this.#onIdle();
  }

  #letGo(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.close(); // Hands over what stands in the pipe.
    this.#writerGone();
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }

  #tell(kind: 'started' | 'ended' | 'lost', msg: string): void {
    this.#onLife({ kind, msg, fields: { fifo: this.#path, stream: this.#stream } });
  }
}

import { readFileSync } from 'node:fs';
import { BenchError } from './errors.js';

/** Ticks a second of the times in /proc; 100 on every Linux that Node runs on (sysconf(3), _SC_CLK_TCK). */
const TICKS = 100;
const PAGE_BYTES = 4096;
const MEMORY_EVERY_MS = 50;

/** What one process used between {@link Watch.start} and {@link Watch.stop}. */
export interface Use {
  /** Share of one core: 1 is a core for the whole time. */
  readonly cpu: number;
  /** The same for its main thread, where JavaScript runs. */
  readonly mainThread: number;
  /** CPU time, s. */
  readonly cpuSeconds: number;
  /** System calls that wrote, to files and sockets; NaN where the kernel does not say. */
  readonly writes: number;
  /** Resident memory, bytes. */
  readonly rssStart: number;
  readonly rssPeak: number;
  readonly rssEnd: number;
}

interface Reading {
  readonly at: number;
  readonly cpu: number;
  readonly mainThread: number;
  readonly writes: number;
}

/** Watches processes through /proc; what is watched does nothing for it. CPU is exact to 10 ms. */
export class Watch<Name extends string> {
  readonly #pids: Readonly<Record<Name, number>>;
  readonly #first = new Map<string, Reading>();
  readonly #memory = new Map<string, { start: number; peak: number; end: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pids: Readonly<Record<Name, number>>) {
    this.#pids = pids;
  }

  start(): this {
    for (const [name, pid] of this.#entries()) {
      const rss = residentBytes(pid);
      this.#first.set(name, readTimes(pid));
      this.#memory.set(name, { start: rss, peak: rss, end: rss });
    }
    this.#timer = setInterval(() => this.#sampleMemory(), MEMORY_EVERY_MS).unref();
    return this;
  }

  /** May be called again for the use so far. */
  stop(): Record<Name, Use> {
    clearInterval(this.#timer);
    this.#sampleMemory();
    return Object.fromEntries(this.#entries().map(([name, pid]) => [name, this.#use(name, pid)])) as Record<
      Name,
      Use
    >;
  }

  #entries(): [Name, number][] {
    return Object.entries(this.#pids) as [Name, number][];
  }

  #sampleMemory(): void {
    for (const [name, pid] of this.#entries()) {
      const memory = this.#memory.get(name);
      if (memory === undefined) continue;
      try {
        memory.end = residentBytes(pid);
      } catch {
        continue; // It has ended; whoever asks for its CPU time is told.
      }
      memory.peak = Math.max(memory.peak, memory.end);
    }
  }

  #use(name: Name, pid: number): Use {
    const first = this.#first.get(name) as Reading;
    const last = readTimes(pid);
    const seconds = Math.max(last.at - first.at, 1e-3);
    const memory = this.#memory.get(name) as { start: number; peak: number; end: number };
    const cpuSeconds = last.cpu - first.cpu;
    return {
      cpu: cpuSeconds / seconds,
      mainThread: (last.mainThread - first.mainThread) / seconds,
      cpuSeconds,
      writes: last.writes - first.writes,
      rssStart: memory.start,
      rssPeak: memory.peak,
      rssEnd: memory.end,
    };
  }
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const pages = readProc(`/proc/${pid}/statm`).split(' ')[1];
  return Number(pages) * PAGE_BYTES;
}

function readTimes(pid: number): Reading {
  return {
    at: performance.now() / 1000,
    cpu: cpuSeconds(`/proc/${pid}/stat`),
    mainThread: cpuSeconds(`/proc/${pid}/task/${pid}/stat`),
    writes: writesOf(pid),
  };
}

/** User and system time, s. @see proc_pid_stat(5): the name, in brackets, may hold anything */
function cpuSeconds(path: string): number {
  const stat = readProc(path);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** @see proc_pid_io(5): only its owner may look, and a kernel may be built without it */
function writesOf(pid: number): number {
  try {
    return Number(/^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? NaN);
  } catch {
    return NaN;
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    if (process.platform !== 'linux') {
      throw new BenchError('machine', 'The benchmarks read CPU and memory from /proc: run them on Linux.', {
        cause,
      });
    }
    throw new BenchError('part', `A process that was being measured has ended (${path}).`, { cause });
  }
}

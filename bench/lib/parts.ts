import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BenchError } from './errors.js';
import type { Scope } from './scope.js';

/** The compiled command line: what is measured is what a user runs. `compare` sets it to another tree's. */
export const BIN = process.env['BENCH_BIN'] ?? fileURLToPath(new URL('../../cli/bin.js', import.meta.url));

/** Where `--profile` puts CPU profiles, for Chromium's DevTools or speedscope. */
export const PROFILES = fileURLToPath(new URL('../../../bench/results/profiles/', import.meta.url));

export interface PartOptions {
  /** Writes a CPU profile to {@link PROFILES} at its end. */
  readonly profile?: boolean;
  /** Further words for node. */
  readonly nodeArgs?: readonly string[];
  /** Standard input, standard output and further descriptors; standard error is the harness's. */
  readonly stdin?: 'ignore' | 'pipe';
  readonly stdout?: 'ignore' | 'pipe';
  /** Opens an IPC channel to it. */
  readonly ipc?: boolean;
  /** The network namespace to run in; this process's own without it. */
  readonly namespace?: string;
  /** Added to the harness's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of Spillway's. */
export interface Part {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its record of being ready: `url`, `publish`, `subscribe`. Rejects if it ends before. */
  ready(): Promise<Readonly<Record<string, string>>>;
  /** Its last lines on standard error. */
  said(): string;
  /** The exit code, or the name of the signal. */
  readonly exited: Promise<number | string>;
  /** What `work` comes to, or the reason that this process ended before. */
  whileRunning<T>(work: Promise<T>): Promise<T>;
  /** Ends it: SIGTERM, and SIGKILL where that does not help. Idempotent. */
  stop(): Promise<void>;
}

const KILL_AFTER_MS = 10_000;

/** Starts `spillway <args>`; the scope's end stops it. */
export function startPart(scope: Scope, args: readonly string[], options: PartOptions = {}): Part {
  const node = [...(options.nodeArgs ?? [])];
  if (options.profile) {
    mkdirSync(PROFILES, { recursive: true });
    node.push('--cpu-prof', '--cpu-prof-dir', PROFILES, `--cpu-prof-name=${profileName(args)}`);
  }
  const stdio: StdioOptions = [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'];
  if (options.ipc) stdio.push('ipc');
  const words: [string, ...string[]] = [process.execPath, ...node, BIN, ...args];
  // It becomes the program, so the pid and the signals are the program's.
  if (options.namespace !== undefined) words.unshift('ip', 'netns', 'exec', options.namespace);
  const child = spawn(words[0], words.slice(1), {
    stdio,
    env: { ...process.env, ...options.env },
  });
  const log: string[] = [];
  // `close` rather than `exit`: what it said last has been read by then.
  const exited = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  const ended = exited.then((how): never => {
    throw new BenchError('part', `spillway ${args[0]} ended with ${how}:\n${log.join('\n')}`);
  });
  ended.catch(() => {});
  const ready = readReady(child, log);
  const stop = async () => {
    const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    clearTimeout(kill);
  };
  scope.defer(stop);
  const whileRunning = <T>(work: Promise<T>) => Promise.race([work, ended]);
  const said = () => log.join('\n');
  return {
    pid: child.pid as number,
    child,
    said,
    ready: () => whileRunning(ready),
    exited,
    whileRunning,
    stop,
  };
}

const KEPT_LINES = 50;

function readReady(child: ChildProcess, log: string[]) {
  return new Promise<Readonly<Record<string, string>>>((resolve) => {
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      log.push(line);
      if (log.length > KEPT_LINES) log.shift();
      if (line.includes('"ready:')) resolve(JSON.parse(line) as Readonly<Record<string, string>>);
    });
  });
}

function profileName([name]: readonly string[]): string {
  return `${new Date().toISOString().replaceAll(':', '')}-${name}.cpuprofile`;
}

/** A consolidator on ports that the system chooses; `from` is what a relay that is to read it is told. */
export async function startConsolidator(scope: Scope, options?: PartOptions, args: readonly string[] = []) {
  const any = 'tcp://127.0.0.1:*';
  const part = startPart(scope, ['consolidator', '--publish', any, '--subscribe', any, ...args], options);
  const { publish, subscribe, replay } = (await part.ready()) as Record<string, string>;
  return { ...part, publish: publish as string, from: `${subscribe} replay=${replay}` };
}

/** A relay that has connected to its consolidators. */
/** A scenario says how many consumers there are. */
const NO_LIMITS = ['--max-consumers', '1000000', '--max-consumers-per-tenant', '1000000'];

export async function startRelay(scope: Scope, from: string, args: readonly string[], options?: PartOptions) {
  const where = ['--from', from, '--listen', '127.0.0.1:0'];
  const part = startPart(scope, ['relay', ...where, ...NO_LIMITS, ...args], options);
  const { url } = (await part.ready()) as { url: string };
  await untilConnected(url);
  return { ...part, url, port: Number(new URL(url).port) };
}

const CONNECT_TIMEOUT_MS = 10_000;

async function untilConnected(url: string): Promise<void> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const { ok } = await fetch(`${url}/readyz`);
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new BenchError('part', `the relay at ${url} found no consolidator within ${CONNECT_TIMEOUT_MS} ms`);
}

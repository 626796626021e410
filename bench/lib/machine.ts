import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BenchError } from './errors.js';

/** What a figure depends on besides the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that were running or waiting in the last minute: far from 0, the figures are somebody else's too. */
  readonly load: number;
  /** The tree that was measured; `+` where it has changes that are not committed. */
  readonly commit: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    commit: commit(),
  };
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

/** Descriptors that a process needs besides its connections. */
const SPARE_FILES = 100;

/** @throws {BenchError} `machine` where a process may not open that many connections, with what to do */
export function requireConnections(connections: number): void {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const allowed = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  if (connections + SPARE_FILES <= allowed) return;
  throw new BenchError(
    'machine',
    `${connections} connections need ${connections + SPARE_FILES} open files a process and the limit is ${allowed}: ` +
      `run \`ulimit -n ${connections + SPARE_FILES}\` first, or ask for fewer with --consumers.`,
  );
}

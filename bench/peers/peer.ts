import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { BenchError } from '../lib/errors.js';
import type { Scope } from '../lib/scope.js';
import type { FanoutTarget } from '../lib/target.js';

/** Another system that could stand where Spillway does. */
export interface Peer extends FanoutTarget {
  /** Whether this machine has it. */
  isHere(): boolean;
  /** The command that installs it. */
  readonly install: string;
  /**
   * It writes to its consumers as it comes or as is usual; otherwise our own proxy does, in the relay's manner, and what is
   * compared is the way from the generator to there.
   */
  readonly asItComes: boolean;
  /** How it is configured, for somebody who wants to check that it was treated fairly. */
  readonly configuration: readonly string[];
}

/** The path of a program, as a shell would find it, or undefined. */
export function findProgram(name: string): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of loopback that was free a moment ago: not every server can be asked which one it took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder for a peer's files that goes with the scope. */
export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  scope.defer(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Somebody else's server. */
export interface Server {
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const KILL_AFTER_MS = 10_000;
const POLL_MS = 20;
const KEPT_CHARACTERS = 4_000;

/** Starts a server and waits until it takes connections at `port`; the scope's end stops it. */
export async function startServer(
  scope: Scope,
  name: string,
  args: readonly string[],
  port: number,
): Promise<Server> {
  const file = findProgram(name);
  if (file === undefined) throw new BenchError('machine', `${name} is not installed.`);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  }
  let ended = false;
  const closed = once(child, 'close').then(() => (ended = true));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    if (!ended) child.kill(signal);
    await closed;
    clearTimeout(kill);
  };
  scope.defer(() => stop());
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (ended || performance.now() > deadline) {
      throw new BenchError('part', `${name} does not listen at port ${port}:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { pid: child.pid as number, stop };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

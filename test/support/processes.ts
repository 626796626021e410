import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The compiled command line: these tests run what a user runs. */
export const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

export interface Part {
  readonly child: ChildProcess;
  /** Lines on stderr so far. */
  readonly log: string[];
  /** The first stderr line that matches; waits for it. */
  line(pattern: RegExp): Promise<string>;
  /** Its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Signals it, and waits for its end. Answers its exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** Starts `spillway <args>`; the test's teardown kills what is left of it. */
export function spillway(
  t: Test,
  args: readonly string[],
  stdio: 'ignore' | 'pipe' = 'ignore',
  env: Readonly<Record<string, string>> = {},
): Part {
  const all = { ...process.env, ...env };
  return part(t, spawn(process.execPath, [BIN, ...args], { stdio: [stdio, stdio, 'pipe'], env: all }));
}

/** Runs a command under a sidecar of tenant `acme`. */
export function sidecar(
  t: Test,
  publish: string,
  container: string,
  command: readonly string[],
  options: readonly string[] = [],
): Part {
  const whose = ['--tenant', 'acme', '--container', container, '--to', publish, '--no-passthrough'];
  return spillway(t, ['sidecar', ...whose, ...options, '--', ...command]);
}

function part(t: Test, child: ChildProcess): Part {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((check) => check());
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    log.push(line);
    wake();
  });
  let ended: number | string | undefined;
  const exited = once(child, 'exit').then(([code, signal]) => {
    ended = (signal as string | null) ?? (code as number);
    wake();
    return ended;
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (ended === undefined) child.kill(signal);
    return exited;
  };
  t.teardown(() => stop('SIGKILL'));
  return {
    child,
    log,
    ended: exited,
    stop,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = log.find((line) => pattern.test(line));
          if (found === undefined && ended === undefined) return;
          waiting.delete(check);
          if (found !== undefined) resolve(found);
          else reject(new Error(`ended with ${ended} before ${pattern}:\n${log.join('\n')}`));
        };
        waiting.add(check);
        check();
      }),
  };
}

export interface Parts {
  readonly consolidator: Part;
  readonly relay: Part;
  /** Endpoint for sidecars. */
  readonly publish: string;
  readonly subscribe: string;
  /** The relay's URL. */
  readonly url: string;
}

/** A consolidator and a relay, each a process of its own, connected. */
export async function startParts(t: Test, relayArgs: readonly string[] = []): Promise<Parts> {
  const consolidator = await startConsolidatorProcess(t);
  const relay = await startRelayProcess(t, consolidator.from, relayArgs);
  await untilReady(relay.url);
  return { ...consolidator, consolidator: consolidator.part, relay: relay.part, url: relay.url };
}

/** Its `from` is what a relay that is to know of its memory too is told. */
export async function startConsolidatorProcess(
  t: Test,
  publish = 'tcp://127.0.0.1:*',
  subscribe = publish,
  replay = 'tcp://127.0.0.1:*',
  args: readonly string[] = [],
) {
  const endpoints = ['--publish', publish, '--subscribe', subscribe, '--replay', replay];
  const process = spillway(t, ['consolidator', ...endpoints, ...args]);
  const ready = JSON.parse(await process.line(/"ready:/)) as Record<
    'publish' | 'subscribe' | 'replay',
    string
  >;
  const from = `${ready.subscribe} replay=${ready.replay}`;
  return { part: process, publish: ready.publish, subscribe: ready.subscribe, replay: ready.replay, from };
}

export async function startRelayProcess(
  t: Test,
  from: string,
  args: readonly string[] = [],
  listen = '127.0.0.1:0',
) {
  const process = spillway(t, ['relay', '--from', from, '--listen', listen, ...args]);
  const ready = JSON.parse(await process.line(/"ready:/)) as { url: string };
  return { part: process, url: ready.url };
}

/** Waits until the relay says that it is connected to a consolidator. */
export async function untilReady(url: string): Promise<void> {
  for (;;) {
    const { ok } = await fetch(`${url}/readyz`);
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the relay has so many consumers. */
export async function untilConsumers(url: string, count: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/v1/consumers`);
    const { consumers } = (await answer.json()) as { consumers: unknown[] };
    if (consumers.length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

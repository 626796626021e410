import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Beacon, Program } from './beacon.js';
import type { LineKind } from './lines.js';
import { startPart, type PartOptions } from './parts.js';
import type { Scope } from './scope.js';

export const TENANT = 'acme';
export const CONTAINER = 'web-1';
/** The topic that every scenario publishes to, and where a relay serves it. */
export const TOPIC = `tenant/${TENANT}/${CONTAINER}/`;
export const LOGS_PATH = `/v1/logs/tenant/${TENANT}/${CONTAINER}`;

/** One source of many of that tenant: its topic, and where a relay serves it, without the slash at its end. */
export function sourceName(index: number): string {
  return `tenant/${TENANT}/source-${index}`;
}

/** What the program under a sidecar prints. */
export type Output =
  | { readonly how: 'flood'; readonly lines: number; readonly kind: LineKind }
  | { readonly how: 'floodFor'; readonly seconds: number; readonly kind: LineKind }
  | { readonly how: 'paced'; readonly lines: number; readonly rate: number };

/** The program that prints what a scenario asks for; it reports to `BENCH_BEACON`. */
export const PRINTER = fileURLToPath(new URL('../workers/printer.js', import.meta.url));

/** A program that waits for the word to print, under a sidecar that has had the time to connect. */
export interface WatchedProgram extends Program {
  /** The sidecar's. */
  readonly pid: number;
  /** The sidecar has ended, as its program did. */
  readonly ended: Promise<number | string>;
}

/** A sidecar has loaded and connected by then, ms. */
const CONNECT_MS = 400;

/**
 * Starts `spillway sidecar` over a program that prints. Its output goes nowhere else.
 *
 * @param to the consolidator's publish endpoint
 */
export async function startSidecar(
  scope: Scope,
  to: string,
  beacon: Beacon,
  { output, args = [], part = {} }: SidecarOptions,
): Promise<WatchedProgram> {
  const what = output.how === 'paced' ? String(output.rate) : output.kind;
  const count = output.how === 'floodFor' ? output.seconds : output.lines;
  const command = [process.execPath, PRINTER, output.how, String(count), what];
  const who = ['--tenant', TENANT, '--container', CONTAINER];
  const sidecar = startPart(
    scope,
    ['sidecar', ...who, '--to', to, '--no-passthrough', ...args, '--', ...command],
    { ...part, env: { BENCH_BEACON: String(beacon.port) } },
  );
  const program = await sidecar.whileRunning(beacon.next());
  await sleep(CONNECT_MS);
  return {
    pid: sidecar.pid,
    ended: sidecar.exited,
    print: () => sidecar.whileRunning(program.print()),
    release: program.release,
  };
}

export interface SidecarOptions {
  readonly output: Output;
  /** Further words for the sidecar. */
  readonly args?: readonly string[];
  readonly part?: PartOptions;
}

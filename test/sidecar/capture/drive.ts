import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { CaptureEnd, PassthroughStats } from '../../../sidecar/capture/index.js';

const DRIVER = fileURLToPath(new URL('driver.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../../dist/sidecar/capture/index.js', import.meta.url));

/** See driver.js. */
export interface Settings {
  attachAfterMs?: number;
  drainTimeoutMs?: number;
  pipes?: boolean;
}

export interface DriveOptions {
  /** What to put before `node driver.js`. */
  wrapper?: readonly string[];
  /** Gives it a terminal of its own, whose keys are the drive's standard input. */
  terminal?: boolean;
}

export interface Report {
  readonly launchMs: number;
  readonly end: CaptureEnd;
  readonly captured: Readonly<Record<'stdout' | 'stderr', number>>;
  readonly unpassed: PassthroughStats;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A driver that runs. */
export class Drive {
  readonly process: ChildProcess;
  readonly #report: string;
  #stdout = '';
  #stderr = '';

  constructor(process: ChildProcess, report: string) {
    this.process = process;
    this.#report = report;
    // Without it, Node discards at the exit what nobody has read.
    process.stdout?.on('readable', () => undefined);
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
  }

  /** Reads standard output from now on. */
  read(): this {
    const { stdout } = this.process;
    stdout?.removeAllListeners('readable').setEncoding('utf8');
    stdout?.on('data', (text: string) => (this.#stdout += text));
    return this;
  }

  /** Waits until standard output holds `text`. */
  async prints(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) await once(this.process.stdout!, 'data');
  }

  async ends(): Promise<Outcome> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.#outcome();
  }

  /** Waits for the ends of the outputs too. */
  async closes(): Promise<Outcome> {
    await once(this.process, 'close');
    return this.#outcome();
  }

  get report(): Report {
    return JSON.parse(readFileSync(this.#report, 'utf8')) as Report;
  }

  #outcome(): Outcome {
    const { exitCode: code, signalCode: signal } = this.process;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/**
 * Runs a command under the driver, in a session of its own: the terminal that the tests may run in has no say in it.
 * Standard output is not read before `read()`.
 */
export function drive(
  t: Test,
  command: readonly string[],
  settings: Settings = {},
  { wrapper = [], terminal = false }: DriveOptions = {},
): Drive {
  if (!existsSync(BUILT)) throw new Error('these tests run what is built: npm run build first');
  const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  const report = join(folder, 'report.json');
  const driver = [...wrapper, process.execPath, DRIVER, ...command];
  // `script` hands its command to a shell: one that stayed in between would take the terminal's INT for its own end.
  const [file, ...args] = terminal
    ? ['script', '-qec', `exec ${driver.map(quote).join(' ')}`, '/dev/null']
    : driver;
  // tap's NODE_OPTIONS would load its own machinery into the driver and into every node below it.
  const env = { ...process.env, NODE_OPTIONS: '', DRIVER: JSON.stringify({ ...settings, report }) };
  const child = spawn(file!, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  t.teardown(() => {
    // The whole session: nothing that a test starts outlives it.
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All gone.
    }
    rmSync(folder, { recursive: true });
  });
  return new Drive(child, report);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

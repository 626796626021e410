// The command starts before anything slow is loaded: this file and what it imports use nothing but Node.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { CaptureError } from './errors.js';
import { explainFailure } from './failure.js';
import { closePipe, openPipes, type OutputPipes } from './pipes.js';
import { forwardSignals } from './signals.js';

export interface LaunchOptions {
  /** The command's environment; the sidecar's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** The command's working directory; the sidecar's own by default. */
  readonly cwd?: string;
  /** Makes the pipes; real ones by default, see `openPipes`. */
  readonly pipes?: () => OutputPipes | undefined;
  /** Takes a sentence for the operator; it goes to standard error by default. */
  readonly warn?: (sentence: string) => void;
}

/** How a command ended, in the terms of a shell. */
export interface CommandExit {
  readonly code: number;
  readonly signal?: NodeJS.Signals;
  /** The command could not be started, and this is what a shell would have said. */
  readonly failure?: string;
}

/** Where an output is read: a descriptor that does not block, a stream if there are no real pipes, or nowhere. */
export type Output = number | Readable | undefined;

/** A command that was started, or could not be. What it prints waits in its pipes until `attachExec` reads them. */
export interface Launched {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  /** Whoever attaches owns them. */
  readonly outputs: { readonly stdout: Output; readonly stderr: Output };
  readonly exited: Promise<CommandExit>;
  /** Gives the signals back to Node. Idempotent. */
  readonly stopForwarding: () => void;
}

/**
 * Starts a command at once: its outputs are pipes, its input is the sidecar's own, and from before its first instruction
 * the sidecar's signals are handed on to it. 5 ms (measured), 3 of them for the pipes.
 *
 * A command that cannot be started is no exception but an exit with 127 or 126, as it is for a shell.
 *
 * @throws {CaptureError} `command`: there is none
 */
export function launch(command: readonly string[], options: LaunchOptions = {}): Launched {
  const [file, ...args] = command;
  if (!file) throw new CaptureError('command', 'there is no command to run: give one after --');
  const warn = options.warn ?? warnOnStderr;
  const pipes = (options.pipes ?? openPipes)();
  if (pipes === undefined) warn(NO_PIPES);

  let child: ChildProcess | undefined;
  // Listeners run in a later turn of the event loop, so they always find the child.
  const stopForwarding = forwardSignals((signal) => child?.kill(signal));
  try {
    child = spawn(file, args, {
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      stdio: ['inherit', pipes?.stdout.write ?? 'pipe', pipes?.stderr.write ?? 'pipe'],
    } satisfies SpawnOptions);
  } catch (error) {
    if (pipes) [pipes.stdout, pipes.stderr].forEach(closePipe);
    // Node throws some of exec(3)'s errors and tells the others by an event.
    if (!isSystemError(error)) {
      stopForwarding();
      throw error;
    }
    const exited = Promise.resolve(failedStart(file, error, options));
    return { pid: undefined, outputs: { stdout: undefined, stderr: undefined }, exited, stopForwarding };
  }
  const exited = exitOf(child, (error) => failedStart(file, error, options), warn);
  return { pid: child.pid, outputs: takeOutputs(pipes, child), exited, stopForwarding };
}

const NO_PIPES =
  'the output of the command is a socket, as neither mkfifo nor a shell could make a pipe: ' +
  'opening /dev/stdout or /dev/stderr by name fails in it. Add mkfifo and a writable folder, /tmp or /dev/shm.';

function warnOnStderr(sentence: string): void {
  writeSync(2, `spillway sidecar: ${sentence}\n`);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function failedStart(file: string, error: NodeJS.ErrnoException, options: LaunchOptions): CommandExit {
  const { code, sentence } = explainFailure(file, error, options.cwd);
  return { code, failure: sentence };
}

function exitOf(
  child: ChildProcess,
  failed: (error: NodeJS.ErrnoException) => CommandExit,
  warn: (sentence: string) => void,
): Promise<CommandExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (signal === null) resolve({ code: code ?? 0 });
      else resolve({ code: 128 + constants.signals[signal], signal });
    });
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(failed(error));
      else warn(`a signal did not reach the command: ${error.message}`); // It runs as a user we may not signal.
    });
  });
}

function takeOutputs(pipes: OutputPipes | undefined, child: ChildProcess): Launched['outputs'] {
  if (pipes === undefined) return { stdout: hold(child.stdout), stderr: hold(child.stderr) };
  // The command has copies of its own; with these open, the pipes would never end.
  closeSync(pipes.stdout.write);
  closeSync(pipes.stderr.write);
  return { stdout: pipes.stdout.read, stderr: pipes.stderr.read };
}

/** Node discards what stands in a child's own streams when the child exits, read or not: what has left them is safe. */
function hold(stream: Readable | null): Output {
  // A failed read ends the copy with the error that whoever reads it will see.
  return stream ? pipeline(stream, new PassThrough(), () => undefined) : undefined;
}

import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** One pipe: the end to read from does not block, the end to write to does, as a command expects of its output. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** The two outputs of a command as pipes. The caller owns the four descriptors. */
export interface OutputPipes {
  readonly stdout: Pipe;
  readonly stderr: Pipe;
}

export interface PipeOptions {
  /** Folders to make FIFOs in, the first that takes them wins. */
  readonly places?: readonly string[];
  /** Program that makes FIFOs. */
  readonly mkfifo?: string;
  /** Shell that holds a pipe where no folder takes a FIFO. */
  readonly shell?: string;
}

/** Long enough for a loaded machine to start a shell; a shell that has not made its pipes by then does not make any. */
const SHELL_DEADLINE_MS = 500;

/**
 * Real pipes for a command's output. Node gives a child sockets, on which opening `/dev/stdout` fails with ENXIO
 * (nodejs/node 21941), and has no call that makes a pipe, so another program has to: `mkfifo` in a folder that is gone
 * again before the command starts, or, on a file system that takes no writes, a shell. 3 ms either way (measured), of
 * which starting any program from Node is 2.
 *
 * Anyone who has been handed the descriptor may open it anew by its name, whatever user it has become since.
 *
 * @returns undefined where neither way works: no `mkfifo` and no shell, as in an image that has but one program
 */
export function openPipes(options: PipeOptions = {}): OutputPipes | undefined {
  return openFifos(options) ?? attempt(() => borrowPipes(options.shell ?? '/bin/sh'));
}

/** What is memory rather than disk in a container comes after the usual place: most often both are writable. */
function defaultPlaces(): string[] {
  const { XDG_RUNTIME_DIR } = process.env;
  return [tmpdir(), '/dev/shm', ...(XDG_RUNTIME_DIR ? [XDG_RUNTIME_DIR] : []), process.cwd()];
}

function openFifos(options: PipeOptions): OutputPipes | undefined {
  for (const place of options.places ?? defaultPlaces()) {
    let folder;
    try {
      folder = mkdtempSync(join(place, 'spillway-'));
    } catch {
      continue; // Not there or not writable: the next one may be.
    }
    const [out, err] = [join(folder, 'out'), join(folder, 'err')];
    try {
      // The C locale and no pipes of its own save 0.7 ms.
      const env = { PATH: process.env.PATH, LC_ALL: 'C' };
      const made = spawnSync(options.mkfifo ?? ownMkfifo(), [out, err], { env, stdio: 'ignore' });
      if (made.error !== undefined) return undefined;
      if (made.status === 0) return openBoth(out, err);
    } finally {
      remove(folder, out, err);
    }
  }
  return undefined;
}

/** The one beside node, where it was brought along into somebody else's image; else the one on the path. */
function ownMkfifo(): string {
  const beside = join(dirname(process.execPath), 'mkfifo');
  return existsSync(beside) ? beside : 'mkfifo';
}

function remove(folder: string, ...files: string[]): void {
  for (const file of files) attempt(() => unlinkSync(file));
  attempt(() => rmdirSync(folder));
}

/**
 * A shell keeps a here-document in a pipe (dash, busybox, bash from 5.1). As long as it lives, `/proc/<pid>/fd/<n>` opens
 * that pipe, at either end; it waits for the end of its input, which is when it is no longer needed.
 */
function borrowPipes(shell: string): OutputPipes | undefined {
  // 8 and 9, as a shell passes through 3 and 4 while it makes a pipe: once there is a 9, both are what they will be.
  // Bash takes /dev/null for an empty document, so each is one blank line.
  const script = 'exec 8<<A 9<<B\n\nA\n\nB\nread -r end';
  const holder = spawn(shell, ['-c', script], { env: { LC_ALL: 'C' }, stdio: ['pipe', 'ignore', 'ignore'] });
  holder.on('error', () => undefined); // It has no pid then, which is seen below.
  holder.unref();
  try {
    if (holder.pid === undefined) return undefined;
    const folder = `/proc/${holder.pid}/fd`;
    const deadline = performance.now() + SHELL_DEADLINE_MS;
    // Synchronous, as all of the launch is; 1 ms until a shell is there.
    while (performance.now() < deadline) {
      if (!isPipe(join(folder, '9'))) continue;
      const pipes = openBoth(join(folder, '8'), join(folder, '9'));
      if (pipes !== undefined) [pipes.stdout, pipes.stderr].forEach(empty);
      return pipes;
    }
    return undefined;
  } finally {
    holder.stdin.destroy();
  }
}

function empty(pipe: Pipe): void {
  attempt(() => readSync(pipe.read, Buffer.alloc(16)));
}

function isPipe(path: string): boolean {
  return (
    attempt(() => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return fstatSync(fd).isFIFO();
      } finally {
        closeSync(fd);
      }
    }) ?? false
  );
}

function openBoth(out: string, err: string): OutputPipes | undefined {
  const stdout = attempt(() => openPipe(out));
  const stderr = stdout && attempt(() => openPipe(err));
  if (stdout !== undefined && stderr === undefined) closePipe(stdout);
  return stdout && stderr && { stdout, stderr };
}

function openPipe(path: string): Pipe {
  // In this order: opening to read without waiting always succeeds, and opening to write finds its reader.
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(read).isFIFO()) throw new Error(`${path} is no pipe`);
    fchmodSync(read, 0o666);
    return { read, write: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(read);
    throw error;
  }
}

export function closePipe(pipe: Pipe): void {
  closeSync(pipe.read);
  closeSync(pipe.write);
}

/** The result of `step`, or undefined if it throws: where one way fails there is another. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}

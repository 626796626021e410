import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** A descriptor that is written to without waiting for its reader. */
export interface Outlet {
  /**
   * Writes what it takes at once.
   *
   * @returns bytes written; 0 if it takes none now
   * @throws a system error, EPIPE if nobody reads any more
   */
  write(data: Buffer): number;
  /** Writes all of `data` as soon as there is room, then calls back. One at a time; `data` must not change meanwhile. */
  writeLater(data: Buffer, done: (error?: Error | null) => void): void;
  /** Gives up a `writeLater` in progress. A descriptor that was handed in stays open unless it was stuck. */
  close(): void;
}

/**
 * Node writes to a pipe on its standard output synchronously, so an engine's log driver that stalls would stall the
 * sidecar and, with it, the application. Pipes and sockets are written without blocking instead; files take what they
 * are given, and a terminal that was stopped is one that somebody sits at.
 */
export function openOutlet(fd: number): Outlet {
  const kind = fstatSync(fd);
  if (kind.isFIFO()) {
    const own = openAnew(fd);
    return new PolledOutlet(own ?? fd, own !== undefined);
  }
  return kind.isSocket() ? new PolledOutlet(fd, false) : new PlainOutlet(fd);
}

/**
 * Not to block is a property of the open file, which other processes share: it would surprise a shell script that goes on
 * to write to the same pipe. Opened anew, the pipe has one that is ours alone.
 */
function openAnew(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined; // Another user's pipe, or not Linux.
  }
}

/** The event loop's socket tells when there is room again; as long as there is, a plain write saves its copy. */
class PolledOutlet implements Outlet {
  readonly #fd: number;
  readonly #owned: boolean;
  readonly #socket: Socket;
  #waiting = false;

  constructor(fd: number, owned: boolean) {
    this.#fd = fd;
    this.#owned = owned;
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on('error', () => undefined); // The callback of the write has it.
  }

  write(data: Buffer): number {
    return writeNow(this.#fd, data);
  }

  writeLater(data: Buffer, done: (error?: Error | null) => void): void {
    this.#waiting = true;
    this.#socket.write(data, (error) => {
      this.#waiting = false;
      done(error);
    });
  }

  close(): void {
    if (this.#owned || this.#waiting) this.#socket.destroy();
  }
}

const RETRY_MS = 10;

/** A file, a terminal or a device. Refusals are rare: a terminal that another program has made non-blocking. */
class PlainOutlet implements Outlet {
  readonly #fd: number;
  #retry: NodeJS.Timeout | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(data: Buffer): number {
    return writeNow(this.#fd, data);
  }

  writeLater(data: Buffer, done: (error?: Error | null) => void): void {
    this.#retry = setTimeout(() => {
      try {
        const rest = data.subarray(this.write(data));
        if (rest.length > 0) this.writeLater(rest, done);
        else done();
      } catch (error) {
        done(error as Error);
      }
    }, RETRY_MS);
  }

  close(): void {
    clearTimeout(this.#retry);
  }
}

function writeNow(fd: number, data: Buffer): number {
  try {
    return writeSync(fd, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

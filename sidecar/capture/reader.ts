import { readSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable } from 'node:stream';
import { CaptureError } from './errors.js';
import type { Output } from './launch.js';

/** One output that is being read. */
export interface Reader {
  pause(): void;
  resume(): void;
  /** Settles when nobody can write any more, or with the error that reading met. Never rejects. */
  readonly ended: Promise<CaptureError | undefined>;
  /**
   * Hands over what stands ready, paused or not, and stops. Idempotent.
   *
   * @returns whether somebody may still write
   */
  close(): boolean;
}

/** As much as a pipe holds on Linux, and as much as Node asks the kernel for at once. */
const READ_BYTES = 64 * 1024;

/** One for all readers: a chunk is handed over before the next is read, so a burst of 1 GB needs no more memory. */
let buffer: Buffer | undefined;

/** Starts to read: calls `take` with each chunk, whose memory the next one overwrites. */
export function readOutput(output: Output, take: (data: Buffer) => void): Reader {
  if (typeof output === 'number') return readPipe(output, take);
  return output === undefined ? NOTHING : readStream(output, take);
}

const NOTHING: Reader = {
  pause: () => undefined,
  resume: () => undefined,
  ended: Promise.resolve(undefined),
  close: () => false,
};

/** A socket reads a pipe in the event loop; a stream of `node:fs` would hold one of four threads for each (FACTS). */
function readPipe(fd: number, take: (data: Buffer) => void): Reader {
  const space = (buffer ??= Buffer.allocUnsafeSlow(READ_BYTES));
  const onread = {
    buffer: space,
    callback(length: number) {
      take(space.subarray(0, length));
      return true;
    },
  };
  // `onread` is an option of the constructor too, which its types do not know.
  const socket = new Socket({ fd, readable: true, writable: false, onread } as SocketConstructorOpts);
  let open = true;
  const ended = settle(socket, () => (open = false));
  return {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    ended,
    close() {
      if (!open) return false;
      open = false;
      socket.pause();
      const more = takeRest(fd, space, take);
      socket.destroy();
      return more;
    },
  };
}

/** Enough for a full pipe; more than that is a writer that goes on, and would keep us for ever. */
const REST_READS = 4;

/** @returns false at the end of the output */
function takeRest(fd: number, space: Buffer, take: (data: Buffer) => void): boolean {
  for (let i = 0; i < REST_READS; i++) {
    let length;
    try {
      length = readSync(fd, space, 0, space.length, null);
    } catch {
      return true; // EAGAIN: empty, but not at its end.
    }
    if (length === 0) return false;
    take(space.subarray(0, length));
  }
  return true;
}

/** For what comes as a stream: the sidecar's own input, and a socket where there are no pipes. */
export function readStream(stream: Readable, take: (data: Buffer) => void): Reader {
  let open = true;
  const ended = settle(stream, () => (open = false));
  stream.on('data', take);
  stream.resume();
  return {
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    ended,
    close() {
      if (!open) return false;
      open = false;
      stream.off('data', take);
      for (let data; (data = stream.read() as Buffer | null) !== null;) take(data);
      stream.destroy();
      return true;
    },
  };
}

function settle(stream: Readable, closed: () => void): Promise<CaptureError | undefined> {
  return new Promise((resolve) => {
    stream.once('error', (cause: Error) =>
      resolve(new CaptureError('read', `an output cannot be read any further: ${cause.message}`, { cause })),
    );
    for (const last of ['end', 'close']) {
      stream.once(last, () => {
        closed();
        resolve(undefined);
      });
    }
  });
}

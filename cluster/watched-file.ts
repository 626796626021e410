import { watch, type FSWatcher } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ClusterError } from './errors.js';

/** The file is looked at so often where the system tells of no change, ms: network file systems do not. */
export const DEFAULT_POLL_MS = 2_000;

/** After the news of a change, so long for the writer to finish, ms. */
const SETTLE_MS = 50;

/** Longest file, bytes: more than 10,000 full entries. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export interface WatchedFileHandlers {
  /** The file says something else than when this was last called and did not throw. @throws {ClusterError} unfit */
  readonly onText: (text: string) => void;
  /** It was read, and what `onText` was told last holds. */
  readonly onRead?: () => void;
  /** It could not be read, or is unfit; told at each look. */
  readonly onProblem: (error: ClusterError) => void;
}

/** Follows what a file says, also when it is replaced. It looks at once. */
export class WatchedFile {
  readonly #path: string;
  readonly #handlers: WatchedFileHandlers;
  readonly #poll: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  /** @param poll ms */
  constructor(path: string, handlers: WatchedFileHandlers, poll: number = DEFAULT_POLL_MS) {
    this.#path = path;
    this.#handlers = handlers;
    this.#poll = poll;
    this.#look();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#reading;
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    this.#watch();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      this.#lookIn(this.#poll);
    });
  }

  /** The directory, since a file that is replaced takes its own watch along. Where it cannot be watched, we look. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    const name = basename(this.#path);
    const onNews = (_event: string, changed: string | null) => {
      if (changed === null || changed === name) this.#lookIn(SETTLE_MS);
    };
    const onError = () => {
      this.#watcher?.close();
      this.#watcher = undefined;
    };
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, onNews).on('error', onError);
    } catch {
      // No such directory yet, or no watch left: the next look tries again.
    }
  }

  async #read(): Promise<void> {
    try {
      const text = await readBounded(this.#path);
      if (text !== this.#seen) {
        this.#handlers.onText(text);
        this.#seen = text;
      }
      this.#handlers.onRead?.();
    } catch (error) {
      this.#handlers.onProblem(asProblem(this.#path, error));
    }
  }
}

/** @throws {ClusterError} `answer` for one that is too long; what the system says where it cannot be read */
export async function readBounded(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) {
      throw new ClusterError('answer', `${path} has ${size} bytes, and ${MAX_FILE_BYTES} is the limit.`);
    }
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await file.read(buffer, 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function asProblem(path: string, error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const { message } = error as Error;
  return new ClusterError('unreachable', `Cannot read ${path} (${message}): what was known before stays.`, {
    cause: error,
  });
}

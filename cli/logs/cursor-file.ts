import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { UsageError } from '../errors.js';

/** The position is written at most so often, ms: who is killed repeats what was printed since. */
const WRITE_MS = 1_000;

const MAX_CHARS = 32 * 1024;

/** A file that holds how far a stream has been printed, so that the next run goes on there. */
export class CursorFile {
  readonly #path: string;
  /** Where the last run ended; undefined where there was none. */
  readonly cursor: string | undefined;
  #written: string | undefined;
  #latest: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {UsageError} where the file can be read by nobody, or cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.cursor = this.#read();
    this.#written = this.cursor;
    process.once('exit', this.#write);
  }

  /** Everything up to this position has been printed. */
  keep(cursor: string): void {
    this.#latest = cursor;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, WRITE_MS).unref();
  }

  /** Writes what has not been written yet. */
  close(): void {
    clearTimeout(this.#timer);
    process.off('exit', this.#write);
    this.#write();
  }

  #read(): string | undefined {
    try {
      const text = readFileSync(this.#path, 'utf8').trim();
      if (/^[\w~.-]+$/.test(text) && text.length <= MAX_CHARS) return text;
      if (text === '') return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new UsageError(`--cursor-file cannot be read: ${(error as Error).message}`);
    }
    throw new UsageError(
      `${this.#path} holds no position: name the file that an earlier run has written, or a new one`,
    );
  }

  /** Beside it first: a file that is cut short would be no position. */
  readonly #write = (): void => {
    if (this.#latest === undefined || this.#latest === this.#written) return;
    writeFileSync(`${this.#path}.new`, `${this.#latest}\n`);
    renameSync(`${this.#path}.new`, this.#path);
    this.#written = this.#latest;
  };
}

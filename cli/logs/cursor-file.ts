import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  /** @throws {UsageError} where the file cannot be read or written, or is no file of ours */
  constructor(path: string) {
    this.#path = path;
    this.cursor = this.#read();
    this.#written = this.cursor;
    this.#tryToWrite();
    process.once('exit', this.#writeAtExit);
  }

  /** Everything up to this position has been printed. */
  keep(cursor: string): void {
    this.#latest = cursor;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, WRITE_MS).unref();
  }

  /** Writes what has not been written yet. @throws where that cannot be done, by its code */
  close(): void {
    clearTimeout(this.#timer);
    process.off('exit', this.#writeAtExit);
    this.#write();
  }

  #read(): string | undefined {
    try {
      // To read a FIFO would wait for its writer, and to rename onto a device would take its place.
      if (!statSync(this.#path).isFile()) throw new Error(`${this.#path} is no regular file`);
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

  /** Who learns only later that it cannot be kept has printed for nothing. */
  #tryToWrite(): void {
    try {
      writeFileSync(this.#draft, '');
      rmSync(this.#draft);
    } catch (error) {
      throw new UsageError(`--cursor-file cannot be written: ${(error as Error).message}`);
    }
  }

  get #draft(): string {
    return `${this.#path}.new`;
  }

  /** Beside it first: a file that is cut short would be no position. */
  #write(): void {
    if (this.#latest === undefined || this.#latest === this.#written) return;
    try {
      writeFileSync(this.#draft, `${this.#latest}\n`);
      renameSync(this.#draft, this.#path);
    } catch (error) {
      // It ends the process, which must not try it once more on its way out.
      process.off('exit', this.#writeAtExit);
      const { code, message } = error as NodeJS.ErrnoException;
      throw Object.assign(new Error(`the position cannot be kept: ${message}`, { cause: error }), { code });
    }
    this.#written = this.#latest;
  }

  /** Nobody catches what is thrown here. */
  readonly #writeAtExit = (): void => {
    try {
      this.#write();
    } catch (error) {
      process.stderr.write(`spillway: ${(error as Error).message}\n`);
      process.exitCode = 1;
    }
  };
}

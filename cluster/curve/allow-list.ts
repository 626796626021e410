import { ClusterError } from '../errors.js';
import { Repeats } from '../repeats.js';
import { readBounded, WatchedFile } from '../watched-file.js';
import { parseKeyLines } from './key-lines.js';

/** Told of allow-lists that change while they are in use. */
export interface AllowListHooks {
  /** The file says something else now. `removed`: how many keys are no longer on it. */
  readonly onAllowList?: (list: AllowList, removed: number) => void;
  /** The file cannot be used, and the last good list stays. What lasts is told once, and again every five minutes. */
  readonly onAllowListProblem?: (error: ClusterError) => void;
}

/** The public keys that are let in, as a file lists them now. */
export interface AllowList {
  readonly path: string;
  readonly size: number;
  has(publicKey: string): boolean;
  /** Stops watching; the list stays. Idempotent. */
  close(): Promise<void>;
}

/**
 * Reads an allow-list, one public key a line as {@link parseKeyLines} has it, and follows the file from then on. A
 * comment alone is a list that lets nobody in. A file that is empty, or whose last line has no end, is taken for one that
 * is being written.
 *
 * @param poll ms
 * @throws {ClusterError} `key` where it cannot be used at the start
 */
export async function openAllowList(
  path: string,
  hooks: AllowListHooks = {},
  poll?: number,
): Promise<AllowList> {
  let keys: ReadonlySet<string>;
  try {
    keys = parse(await readBounded(path));
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    const what = `The allow-list ${path} cannot be used: ${message}`;
    const hint =
      code === 'ENOENT' ? `: it has one public key a line, such as from cat web.pub > ${path}` : '';
    throw new ClusterError('key', `${what}${hint}.`, { cause });
  }
  return new WatchedAllowList(path, keys, hooks, poll);
}

class WatchedAllowList implements AllowList {
  readonly path: string;
  readonly #hooks: AllowListHooks;
  readonly #file: WatchedFile;
  readonly #repeats = new Repeats();
  #keys: ReadonlySet<string>;

  constructor(path: string, keys: ReadonlySet<string>, hooks: AllowListHooks, poll?: number) {
    this.path = path;
    this.#keys = keys;
    this.#hooks = hooks;
    const onText = (text: string) => this.#replace(parse(text));
    const onProblem = (error: ClusterError) => this.#problem(error);
    this.#file = new WatchedFile(path, { onText, onProblem, onRead: () => this.#repeats.forget('') }, poll);
  }

  get size(): number {
    return this.#keys.size;
  }

  has(publicKey: string): boolean {
    return this.#keys.has(publicKey);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #replace(keys: ReadonlySet<string>): void {
    const before = this.#keys;
    this.#keys = keys;
    const removed = [...before].filter((key) => !keys.has(key)).length;
    if (removed === 0 && keys.size === before.size) return;
    this.#hooks.onAllowList?.(this, removed);
  }

  #problem({ message }: ClusterError): void {
    if (!this.#repeats.isNew(message, performance.now())) return;
    const text = `The allow-list ${this.path} cannot be used (${message}): the last good one stays.`;
    this.#hooks.onAllowListProblem?.(new ClusterError('key', text));
  }
}

function parse(text: string): ReadonlySet<string> {
  if (text.trim() === '')
    throw new ClusterError('key', 'it is empty; a comment alone (# nobody) lets nobody in');
  if (!text.endsWith('\n')) throw new ClusterError('key', 'its last line has no end');
  return new Set(parseKeyLines(text));
}

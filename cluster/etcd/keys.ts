import { checkEntry, MAX_ENTRY_BYTES, type ConsolidatorEntry } from '../entry.js';
import { ClusterError } from '../errors.js';

/** A key and its value as etcd's gateway gives them: bytes in base64, 64-bit numbers in decimal text. */
export interface KeyValue {
  readonly key: string;
  readonly value?: string;
}

export function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function fromBase64(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString('utf8');
}

/** The range of all keys with this prefix: up to the first that sorts behind them. */
export function rangeOf(prefix: string): { key: string; range_end: string } {
  const last = prefix.charCodeAt(prefix.length - 1);
  const end = prefix.slice(0, -1) + String.fromCharCode(last + 1);
  return { key: toBase64(prefix), range_end: toBase64(end) };
}

/** The consolidator's id that a key names. */
export function idOf(key: string, prefix: string): string {
  return fromBase64(key).slice(prefix.length);
}

/**
 * Reads an entry, and holds it to its key: whoever may write one key could otherwise take another consolidator's
 * entry away.
 *
 * @throws {ClusterError} `entry`
 */
export function readEntry({ key, value }: KeyValue, prefix: string): ConsolidatorEntry {
  const name = JSON.stringify(fromBase64(key)).slice(0, 120);
  try {
    const text = fromBase64(value);
    if (text.length > MAX_ENTRY_BYTES)
      throw new ClusterError('entry', `it has more than ${MAX_ENTRY_BYTES} bytes`);
    const entry = checkEntry(parse(text));
    if (entry.id === idOf(key, prefix)) return entry;
    throw new ClusterError('entry', `it says that it is ${JSON.stringify(entry.id)}`);
  } catch (error) {
    throw new ClusterError('entry', `${name} is left out: ${(error as Error).message}.`, { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ClusterError('entry', 'it is no JSON', { cause });
  }
}

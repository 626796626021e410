import { readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { seriesNumber } from './rotation.js';

/** A container's log: the newest file of a numbered series, or a file of its own. */
export interface FoundLog {
  /** What it is known by, whichever file it is in: the folder of a series, or the file's path. */
  readonly key: string;
  /** Oldest first; one, unless it is a series. */
  readonly files: readonly string[];
}

/** `/var/log/pods` has its logs two folders down. */
const FOLDERS_DOWN = 2;

/**
 * The container logs that a file, a folder or a pattern names now. In a folder, or in what a pattern names that is one,
 * they are the files that end in `.log`, at most two folders down.
 */
export function findLogs(path: string): FoundLog[] {
  const found = new Map<string, string[]>();
  for (const entry of expand(resolve(path))) {
    const stats = statOf(entry);
    if (stats === undefined) continue;
    for (const file of stats.isDirectory() ? logsIn(entry, FOLDERS_DOWN) : [entry]) {
      const key = seriesNumber(file) === undefined ? file : dirname(file);
      const files = found.get(key);
      if (files === undefined) found.set(key, [file]);
      else files.push(file);
    }
  }
  return [...found].map(([key, files]) => ({ key, files: files.toSorted((a, b) => order(a) - order(b)) }));
}

function order(file: string): number {
  return seriesNumber(file) ?? 0;
}

/** Whether `findLogs` could ever find more than one container's log there. */
export function namesMany(path: string): boolean {
  return /[*?]/.test(path) || (statOf(path)?.isDirectory() ?? false);
}

function logsIn(folder: string, down: number): string[] {
  const logs: string[] = [];
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (down > 0) logs.push(...logsIn(path, down - 1));
    } else if (entry.name.endsWith('.log')) {
      logs.push(path);
    }
  }
  return logs;
}

/** `*` and `?` stand for characters of one name; there is no other magic. */
function expand(pattern: string): string[] {
  if (!/[*?]/.test(pattern)) return [pattern];
  const [root = '', ...names] = pattern.split(sep);
  let paths = [root + sep];
  for (const name of names) {
    if (!/[*?]/.test(name)) {
      paths = paths.map((path) => join(path, name));
      continue;
    }
    const matcher = matcherOf(name);
    paths = paths.flatMap((path) =>
      entriesOf(path)
        .filter((entry) => matcher.test(entry.name))
        .map((entry) => join(path, entry.name)),
    );
  }
  // A pattern such as *.log* takes in what rotation leaves behind.
  return paths.filter((path) => !/\.(?:gz|zst|bz2|xz|tmp)$/.test(basename(path)));
}

function matcherOf(name: string): RegExp {
  const source = name
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^(?!\\.)${source}$`);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // Not there, or not ours to see.
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Not there, not a folder, or not ours to read: it may be at the next look.
  }
}

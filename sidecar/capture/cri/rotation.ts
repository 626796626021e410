import { readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileTail } from './tail.js';

/** What comes after a file that has been read to its end. */
export type Succession =
  | { readonly kind: 'none' }
  /** Nothing is at its path, and nothing has come after it. */
  | { readonly kind: 'gone' }
  /** The same run of the container goes on in `path`; `missed` files in between cannot be read any more. */
  | { readonly kind: 'rotated'; readonly path: string; readonly missed: number }
  /** The container was started again, and logs to `path`. */
  | { readonly kind: 'restarted'; readonly path: string };

const SERIES = /^(\d{1,9})\.log$/;
const COMPRESSED = /\.(?:gz|zst|bz2|xz)$/;
const UNFINISHED = /\.tmp$/;

/** The runs of one container are numbered files of one folder. */
export function seriesNumber(path: string): number | undefined {
  const match = SERIES.exec(basename(path));
  return match === null ? undefined : Number(match[1]);
}

/**
 * Looks for what follows a file. A rotated file is renamed to `<live>.<when>`, and compressed when the next one is; of
 * those that came between ours and the live one, each is read in turn as long as it is there to be read.
 *
 * @param live the path that the runtime writes to
 */
export function successor(tail: FileTail, live: string): Succession {
  const there = statSync(live, { throwIfNoEntry: false });
  const neighbours = list(dirname(live));
  if (there === undefined || !tail.isAt(there)) {
    const { newer, missed } = rotatedSince(tail, live, neighbours);
    if (newer[0] !== undefined) return { kind: 'rotated', path: newer[0].path, missed };
    if (there !== undefined) return { kind: 'rotated', path: live, missed };
  }
  const [restarted] = laterRuns(live, neighbours);
  if (restarted !== undefined) return { kind: 'restarted', path: restarted };
  return there === undefined ? { kind: 'gone' } : { kind: 'none' };
}

/** How many bytes can still be read: of the file, and of what has come after it. */
export function remaining(tail: FileTail, live: string): number {
  const there = statSync(live, { throwIfNoEntry: false });
  const neighbours = list(dirname(live));
  let bytes = tail.remaining;
  if (there === undefined || !tail.isAt(there)) {
    for (const { stats } of rotatedSince(tail, live, neighbours).newer) bytes += stats.size;
    bytes += there?.size ?? 0;
  }
  for (const path of laterRuns(live, neighbours))
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

/** The files that later runs of the container log to, in their order. */
function laterRuns(live: string, neighbours: readonly string[]): string[] {
  const number = seriesNumber(live);
  if (number === undefined) return [];
  const later = neighbours.filter((name) => (seriesNumber(name) ?? -1) > number);
  later.sort((a, b) => (seriesNumber(a) as number) - (seriesNumber(b) as number));
  return later.map((name) => join(dirname(live), name));
}

function rotatedSince(tail: FileTail, live: string, neighbours: readonly string[]) {
  const ours = tail.stat();
  const newer: { path: string; stats: Stats }[] = [];
  let compressed = 0;
  for (const name of neighbours) {
    if (!name.startsWith(`${basename(live)}.`) || UNFINISHED.test(name)) continue;
    const path = join(dirname(live), name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || tail.isAt(stats) || stats.mtimeMs <= ours.mtimeMs) continue;
    if (COMPRESSED.test(name)) compressed += 1;
    else newer.push({ path, stats });
  }
  newer.sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
  // Unlinked, ours is one of the compressed: that one has been read.
  return { newer, missed: Math.max(0, compressed - (ours.nlink === 0 ? 1 : 0)) };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // The folder went with its pod.
  }
}

import { readSync } from 'node:fs';
import { StampReader } from '../source-stamp.js';

/** As long as the longest line of any runtime's, so that a line begins in it. */
const PROBE_BYTES = 64 * 1024;
const LF = 0x0a;
const SPACE = 0x20;

/**
 * Where in a CRI log to begin so that all of its lines from `since` on come: a binary search, as the lines are in the
 * order of their times. What it cannot read, it leaves in.
 *
 * @param since ms since the epoch
 */
export function seekTime(fd: number, size: number, since: number): number {
  const stamps = new StampReader();
  const space = Buffer.allocUnsafe(PROBE_BYTES);
  let low = 0;
  let high = size;
  while (high - low > PROBE_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const probe = space.subarray(0, readSync(fd, space, 0, PROBE_BYTES, middle));
    const start = probe.indexOf(LF) + 1;
    const end = probe.indexOf(SPACE, start);
    const stamp = start > 0 && end > start ? stamps.read(probe.toString('latin1', start, end)) : undefined;
    if (stamp !== undefined && stamp.ms < since) low = middle + start;
    else high = middle;
  }
  return low;
}

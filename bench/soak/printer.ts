// The program under a sidecar: prints numbered lines until it has printed enough, is told to end (SIGTERM), or its
// sidecar is gone. It keeps the number of whole lines that were taken from it in a file of its own, since a sidecar that is
// killed takes its account with it.
//
// Usage: printer <run> <lines> <lines a second, 0 for as many as are taken> <file>
import { openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { lineOf } from './words.js';

const STDOUT = 1;
/** Lines between two looks at the clock and at signals. */
const MOST_AT_ONCE = 256;
const TICK_MS = 5;

const [run = 0, quota = 0, rate = 0] = process.argv.slice(2, 5).map(Number);
const file = openSync(process.argv[5] as string, 'w');

const told = new AbortController();
process.on('SIGTERM', () => told.abort());

let printed = 0;
const began = performance.now();
while (printed < quota && !told.signal.aborted) {
  const due = rate === 0 ? quota : Math.ceil(((performance.now() - began) / 1000) * rate);
  const count = Math.min(MOST_AT_ONCE, due - printed, quota - printed);
  if (count <= 0) {
    await sleep(TICK_MS);
    continue;
  }
  const taken = await print(linesFrom(printed, count));
  printed += taken;
  writeSync(file, String(printed), 0);
  if (taken < count) break;
  await nextTurn();
}

function linesFrom(first: number, count: number): Buffer {
  let text = '';
  for (let i = 0; i < count; i += 1) text += lineOf(run, first + i);
  return Buffer.from(text, 'latin1');
}

/** Answers how many whole lines were taken: all, unless the reading end is gone. */
async function print(bytes: Buffer): Promise<number> {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return countLines(bytes.subarray(0, at));
      await sleep(1);
    }
  }
  return countLines(bytes);
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  return lines;
}

// The program under a sidecar: prints lines as fast as they are taken, or at an even rate with the moment of writing in
// each. It waits for the harness's word to begin, reports to it past its output, and stays until it is let go, so that its
// sidecar can be looked at.
//
// Usage: printer <flood|paced> <lines> <plain|json, or lines a second>, or printer floodFor <seconds> <plain|json>;
// BENCH_BEACON is the port to report to.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Printed } from '../lib/beacon.js';
import { nowMicros } from '../lib/clock.js';
import { blockOf, stampedLine, type LineKind } from '../lib/lines.js';

const STDOUT = 1;
const TICK_MS = 1;

const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));
const RETRY_MS = 1;

/**
 * Blocks while the pipe is full, as most programs' writes do; also where something else in this process has opened
 * standard output as a stream, since then the descriptor itself does not.
 */
function print(bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(NEVER_WOKEN, 0, 0, RETRY_MS);
    }
  }
}

function flood(lines: number, kind: LineKind): number {
  const block = blockOf(kind);
  let bytes = 0;
  for (let left = lines; left > 0; left -= block.lines) {
    const part = left >= block.lines ? block.bytes : firstLines(block.bytes, left);
    print(part);
    bytes += part.length;
  }
  return bytes;
}

/** As much as is taken; it lets the harness's word that it may end wait. */
function floodFor(seconds: number, kind: LineKind): { bytes: number; lines: number } {
  const block = blockOf(kind);
  const ends = nowMicros() + seconds * 1e6;
  let blocks = 0;
  for (; nowMicros() < ends; blocks += 1) print(block.bytes);
  return { bytes: blocks * block.bytes.length, lines: blocks * block.lines };
}

function firstLines(bytes: Buffer, count: number): Buffer {
  let end = 0;
  for (let i = 0; i < count; i += 1) end = bytes.indexOf(0x0a, end) + 1;
  return bytes.subarray(0, end);
}

async function paced(lines: number, rate: number): Promise<number> {
  const began = nowMicros();
  let bytes = 0;
  for (let printed = 0; printed < lines;) {
    const due = Math.min(lines, Math.floor(((nowMicros() - began) / 1e6) * rate) + 1);
    if (due > printed) {
      const text = Buffer.from(stampedLine(nowMicros()).repeat(due - printed), 'latin1');
      print(text);
      bytes += text.length;
      printed = due;
    }
    await sleep(TICK_MS);
  }
  return bytes;
}

async function printAsTold(how: string, count: number, what: string) {
  if (how === 'floodFor') return floodFor(count, what as LineKind);
  const bytes = how === 'flood' ? flood(count, what as LineKind) : await paced(count, Number(what));
  return { bytes, lines: count };
}

const [how = '', count = '', what = ''] = process.argv.slice(2);
const harness = connect(Number(process.env['BENCH_BEACON']), '127.0.0.1');
await once(harness, 'data');
const began = nowMicros();
const printed = await printAsTold(how, Number(count), what);
harness.write(`${JSON.stringify({ began, ended: nowMicros(), ...printed } satisfies Printed)}\n`);
await once(harness, 'close');

/**
 * One clock for all processes of a run. `process.hrtime` reads CLOCK_MONOTONIC, which all processes of one machine
 * share, so a difference between two of them is a latency without any synchronization.
 */
const ORIGIN = Number(process.hrtime.bigint()) / 1e3 - performance.now() * 1e3;

/** Microseconds of the machine's monotonic clock. 40 ns a call; `hrtime.bigint` costs five times as much. */
export function nowMicros(): number {
  return ORIGIN + performance.now() * 1e3;
}

/** Nothing else in a benchmark's records contains it. */
export const STAMP_MARK = '@';

const MARK = STAMP_MARK.charCodeAt(0);
const DIGITS = 15;
const ZERO = 0x30;

/** Bytes of a stamp. */
export const STAMP_LENGTH = 1 + DIGITS;

/** A moment as text of a fixed length: `@000012345678901`, in microseconds. */
export function formatStamp(micros: number): string {
  return STAMP_MARK + String(Math.round(micros)).padStart(DIGITS, '0');
}

/** The first stamp in `bytes` from `start` on, in microseconds; undefined where there is none before `end`. */
export function readStamp(bytes: Buffer, start: number, end: number): number | undefined {
  const mark = bytes.indexOf(MARK, start);
  if (mark === -1 || mark + STAMP_LENGTH > end) return undefined;
  let value = 0;
  for (let i = mark + 1; i <= mark + DIGITS; i += 1) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

import { glue } from './text-words.js';

/** Times as bunyan's program prints them: the record's own words where those are UTC, else computed. */

/** `06:41:13.980Z`, or `08:41:13.980` in local time. `Invalid date` for what is no time. */
export function shortTime(time: unknown, local: boolean): string {
  if (!local && isInstant(time)) return time.slice(11);
  const date = dateOf(time);
  if (date === undefined) return 'Invalid date';
  if (!local) return date.toISOString().slice(-13);
  return clockOf(date);
}

/** `[2026-01-02T06:41:13.980Z]` as the record has it, or `[2026-01-02T08:41:13.980+02:00]` in local time. */
export function longTime(time: unknown, local: boolean): string {
  if (!local) return `[${glue(time)}]`;
  const date = dateOf(time);
  if (date === undefined) return 'Invalid date';
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const east = -date.getTimezoneOffset();
  const offset = `${east < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `[${day}T${clockOf(date)}${offset}]`;
}

const COLON = 58;

/** Whether this is `2026-01-02T06:41:13.980Z` to the digit: then its clock may be sliced out. */
function isInstant(time: unknown): time is string {
  if (typeof time !== 'string' || time.length !== 24) return false;
  const shape =
    time.charCodeAt(4) === 45 &&
    time.charCodeAt(7) === 45 &&
    time.charCodeAt(10) === 84 &&
    time.charCodeAt(13) === COLON &&
    time.charCodeAt(16) === COLON &&
    time.charCodeAt(19) === 46 &&
    time.charCodeAt(23) === 90;
  if (!shape) return false;
  const year = pair(time, 0) * 100 + pair(time, 2);
  const month = pair(time, 5);
  const day = pair(time, 8);
  // A pair that holds no digits is NaN, of which every comparison is false.
  return (
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    (day <= 28 || day <= daysIn(year, month)) &&
    pair(time, 11) <= 23 &&
    pair(time, 14) <= 59 &&
    pair(time, 17) <= 59 &&
    pair(time, 20) >= 0 &&
    digit(time, 22) >= 0
  );
}

function pair(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A date without a time of day is local midnight to bunyan (moment), and UTC midnight to `Date`. */
const DAY_ONLY = /^\d{4}-\d{2}-\d{2}$/;

function dateOf(time: unknown): Date | undefined {
  if (typeof time !== 'string' && typeof time !== 'number') return undefined;
  const date = new Date(typeof time === 'string' && DAY_ONLY.test(time) ? `${time}T00:00` : time);
  if (Number.isNaN(date.getTime())) return undefined;
  // Date takes 31 February for 3 March.
  if (typeof time === 'string' && LEADING_DAY.test(time)) {
    if (pair(time, 8) > daysIn(pair(time, 0) * 100 + pair(time, 2), pair(time, 5))) return undefined;
  }
  return date;
}

const LEADING_DAY = /^\d{4}-\d{2}-\d{2}/;

function clockOf(date: Date): string {
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

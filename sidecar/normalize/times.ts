/** A moment that a line gave, as bunyan writes it. */
export interface ReadTime {
  /** ISO 8601, UTC, milliseconds. */
  readonly iso: string;
  /** The line said no more than milliseconds hold. */
  readonly exact: boolean;
}

/** bunyan's own form, and what has more digits; Go's loggers and Rust's write the latter. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{0,9})Z$/;
/** RFC 3339 and what loggers make of it: a space for the T, a comma before the fraction, +hhmm, +hh, UTC. */
const STAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))? ?(?:Z|z|UTC|([+-])(\d\d)(?::?(\d\d))?)$/;
const ZEROS = /^0*$/;
const EPOCH = /^\d{10,19}(?:\.\d{1,12})?$/;

const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** An epoch number below this is a duration or a counter: 2001-09-09 in seconds. */
const MIN_EPOCH = 1e9;

/** Whether `text` is what `Date.prototype.toISOString` writes, of a second that exists. */
export function isBunyanTime(text: string): boolean {
  return text.length === 24 && UTC.test(text) && isSecond(text.slice(0, 19));
}

let lastSecond = '';

/** Lines come many to a second, and `Date.parse` would take the 31st of any month. */
function isSecond(text: string): boolean {
  if (text === lastSecond) return true;
  const ms = Date.parse(`${text}Z`);
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text)) return false;
  lastSecond = text;
  return true;
}

/** A moment from text that says its zone, or an epoch number in text; undefined for all else. */
export function timeOfText(text: string): ReadTime | undefined {
  if (text.length > 48) return undefined;
  const utc = UTC.exec(text);
  if (utc !== null && isSecond(text.slice(0, 19))) return ofDigits(text, utc[1] as string);
  const match = STAMP.exec(text);
  if (match === null) return EPOCH.test(text) ? timeOfNumber(Number(text)) : undefined;
  // Go's zero time, in the year 1, is no moment.
  if (text < '1970-01-01') return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours = '0', minutes = '0'] = match;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const clock = Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000;
  // A leap second counts into the next minute.
  if (
    month === '00' ||
    Number(month) > 12 ||
    Number(day) < 1 ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60
  )
    return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59 || new Date(date).getUTCDate() !== Number(day))
    return undefined;
  const zone = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const ms = date + clock + Number(fraction.padEnd(3, '0').slice(0, 3)) - zone;
  return format(ms, ZEROS.test(fraction.slice(3)));
}

function ofDigits(text: string, beyond: string): ReadTime {
  return beyond === ''
    ? { iso: text, exact: true }
    : { iso: `${text.slice(0, 23)}Z`, exact: ZEROS.test(beyond) };
}

/** A moment from seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size. */
export function timeOfNumber(value: number): ReadTime | undefined {
  if (!(value >= MIN_EPOCH && value < 1e20)) return undefined;
  const ms = value < 1e11 ? value * 1000 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6;
  const nearest = Math.round(ms);
  // A double holds today's seconds to a quarter of a microsecond.
  const exact = Math.abs(ms - nearest) < 0.0005 && value <= Number.MAX_SAFE_INTEGER;
  return format(exact ? nearest : Math.floor(ms), exact);
}

let wholeSeconds = Number.NaN;
let secondText = '';

/** The text of a second is kept: `toISOString` costs half a microsecond, and lines come many to a second. */
function format(ms: number, exact: boolean): ReadTime | undefined {
  if (!(ms >= 0 && ms <= MAX_MS)) return undefined;
  const seconds = Math.floor(ms / 1000);
  if (seconds !== wholeSeconds) {
    secondText = new Date(seconds * 1000).toISOString().slice(0, 20);
    wholeSeconds = seconds;
  }
  const rest = ms - seconds * 1000;
  return { iso: `${secondText}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`, exact };
}

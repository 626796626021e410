import { visible } from '../../wire/visible.js';
import { describeNotice, type DropNotice } from '../notice.js';
import { plainOf } from './ansi.js';

/** One line of the list, ready to be shown: the worker makes them, so that the page only has to paint. */
export type Entry = RecordEntry | NoticeEntry | MarkEntry;

export interface RecordEntry {
  readonly kind: 'record';
  /** Its place at its consolidator, the same in every stream and for every reader; empty where it has none. */
  readonly key: string;
  readonly level: number;
  /** As the record says it; ISO 8601 unless somebody made the record by hand. */
  readonly time: string;
  /** The container, or the component. */
  readonly from: string;
  /** What the row says: the message and the fields that are not bunyan's own, made harmless. What the filter reads. */
  readonly text: string;
  /** Length of the message in `text`; the fields follow. */
  readonly body: number;
  /** The message has colours. */
  readonly ansi: boolean;
  /** The record as it came: JSON on one line. */
  readonly data: string;
}

/** Records that are missing here. */
export interface NoticeEntry {
  readonly kind: 'notice';
  readonly time: string;
  readonly text: string;
  readonly notice: DropNotice;
}

/** What this page has to say of itself: a connection lost, records that it let go. */
export interface MarkEntry {
  readonly kind: 'mark';
  readonly time: string;
  readonly text: string;
}

/** Longest text of a row, characters. What is longer is cut there, not in the record. */
export const MAX_TEXT = 8_192;

const OWN = new Set([
  'name',
  'hostname',
  'pid',
  'level',
  'msg',
  'time',
  'v',
  'tenant',
  'container',
  'stream',
]);

/** @param id the event's cursor, whose last part is the record's own place */
export function recordEntry(data: string, id = ''): RecordEntry {
  const record = parseObject(data);
  const { level, time, msg } = record;
  const raw = typeof msg === 'string' ? msg : '';
  const ansi = raw.includes('\u001b[');
  const message = visible(cut(ansi ? plainOf(raw) : raw));
  const fields = message.length < MAX_TEXT ? fieldsOf(record) : '';
  return {
    kind: 'record',
    key: id.slice(id.lastIndexOf('~') + 1),
    level: typeof level === 'number' ? level : 30,
    time: typeof time === 'string' ? visible(time.slice(0, 40)) : '',
    from: nameOf(record),
    text: message + fields,
    body: message.length,
    ansi,
    data,
  };
}

export function noticeEntry(data: string): NoticeEntry {
  const notice = parseObject(data) as unknown as DropNotice;
  return { kind: 'notice', time: notice.until, text: visible(describeNotice(notice)), notice };
}

export function markEntry(text: string, now = new Date()): MarkEntry {
  return { kind: 'mark', time: now.toISOString(), text: visible(text) };
}

/** The record of an entry; an empty one where the data is not an object. */
export function parseObject(data: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { msg: data };
  } catch {
    return { msg: data };
  }
}

function nameOf({ container, name }: Readonly<Record<string, unknown>>): string {
  const from = container ?? name;
  return typeof from === 'string' ? visible(from.slice(0, 128)) : '';
}

/** ` key=value` for each field that is not bunyan's own. */
function fieldsOf(record: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const [key, value] of Object.entries(record)) {
    if (OWN.has(key)) continue;
    text += fieldOf(key, value, FLAT);
    if (text.length > MAX_TEXT) break;
  }
  return cut(text);
}

/** Objects are written as `req.method=GET` so many levels deep; what lies below is for the tree. */
const FLAT = 2;

function fieldOf(key: string, value: unknown, depth: number): string {
  const name = visible(cut(key));
  if (typeof value === 'string') {
    return ` ${name}=${visible(/^[^\s"]+$/.test(value) ? cut(value) : JSON.stringify(cut(value)))}`;
  }
  if (typeof value !== 'object' || value === null) return ` ${name}=${String(value)}`;
  if (Array.isArray(value)) return ` ${name}=[${value.length}]`;
  const { name: type, message } = value as Record<string, unknown>;
  if (key === 'err' && typeof message === 'string') {
    return ` ${name}=${visible(cut(`${typeof type === 'string' ? type : 'Error'}: ${message}`))}`;
  }
  if (depth === 0) return ` ${name}={…}`;
  let text = '';
  for (const [inner, member] of Object.entries(value)) {
    text += fieldOf(`${key}.${inner}`, member, depth - 1);
    if (text.length > MAX_TEXT) break;
  }
  return text;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

import { hostname } from 'node:os';
import { LEVELS } from '../../wire/index.js';
import { describeNotice, type DropNotice } from '../notice.js';
import { latin1Of } from '../record-batch.js';
import type { Encoder } from './encoder.js';

/** One record a line, as it came: it pipes straight into the `bunyan` program. */
export const ndjson: Encoder = {
  format: 'ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  keepalive: '',
  record: (batch, i) => `${batch.lines[i] as string}\n`,
  notice: (notice) => `${latin1Of(JSON.stringify(noticeRecord(notice)))}\n`,
  event: () => '',
  retry: () => '',
};

/** The same, and in each record a field `cursor`: the position after it, for who wants to go on from there. */
export const ndjsonWithCursors: Encoder = {
  ...ndjson,
  record(batch, i, prefix) {
    const line = batch.lines[i] as string;
    if (prefix === '') return `${line}\n`;
    const comma = /^\{\s*\}$/.test(line) ? '' : ',';
    return `${line.slice(0, -1)}${comma}"cursor":"${prefix}${(batch.offset + i + 1).toString(36)}"}\n`;
  },
};

const HOSTNAME = hostname();

/** A notice as a record of level 40 named `spillway`, for formats that know nothing but records. */
export function noticeRecord(notice: DropNotice) {
  return {
    name: 'spillway',
    hostname: HOSTNAME,
    pid: process.pid,
    level: LEVELS.warn,
    msg: describeNotice(notice),
    time: notice.until,
    v: 0,
    dropped: notice,
  };
}

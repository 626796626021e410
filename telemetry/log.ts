import { hostname } from 'node:os';
import { LEVELS, type LevelName } from '../wire/record.js';

/** A part's own log: bunyan records, one a line. */
export type Log = Record<LevelName, (msg: string, fields?: Readonly<Record<string, unknown>>) => void>;

/**
 * @param name the part: `relay`, `consolidator`, `sidecar`
 * @param write takes one record with its newline; the command line gives it stderr
 */
export function createLog(name: string, write: (line: string) => void): Log {
  const host = hostname();
  const emit = (level: number, msg: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const core = { name, hostname: host, pid: process.pid, level, msg, time: new Date().toISOString(), v: 0 };
    write(`${JSON.stringify({ ...fields, ...core })}\n`);
  };
  return Object.fromEntries(
    Object.entries(LEVELS).map(([word, level]) => [
      word,
      (msg: string, fields?: Readonly<Record<string, unknown>>) => emit(level, msg, fields),
    ]),
  ) as Log;
}

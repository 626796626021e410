/**
 * The bunyan record as it travels: one JSON object on one line.
 *
 * @see https://github.com/trentm/node-bunyan#core-fields
 */
export interface LogRecord {
  /** Who logs: the container or the component, unless the line said otherwise. */
  name: string;
  hostname: string;
  pid: number;
  /** 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal; loggers may use numbers between. */
  level: number;
  msg: string;
  /** ISO 8601 in UTC with milliseconds. */
  time: string;
  /** Version of bunyan's format. */
  v: 0;
  tenant?: string;
  container?: string;
  /** Which of the two outputs the line came from. */
  stream?: StdStream;
  [field: string]: unknown;
}

export type StdStream = 'stdout' | 'stderr';

/** bunyan's level names and numbers. */
export const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

export type LevelName = keyof typeof LEVELS;

/** The number of a level given by name or number; undefined for anything else. */
export function parseLevel(text: string): number | undefined {
  const name = text.toLowerCase();
  if (Object.hasOwn(LEVELS, name)) return LEVELS[name as LevelName];
  return /^[1-9]\d?$/.test(name) ? Number(name) : undefined;
}

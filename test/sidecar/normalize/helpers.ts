import type { LogRecord } from '../../../wire/record.js';
import { createNormalizer, type NormalizerOptions } from '../../../sidecar/normalize/index.js';
import type { LineMark } from '../../../sidecar/lines.js';

export const CAPTURED = '2030-01-02T03:04:05.678Z';

export const OPTIONS = {
  name: 'web-1',
  hostname: 'vm-7',
  pid: 42,
  tenant: 'acme',
  container: 'web-1',
} as const satisfies NormalizerOptions;

/** The record of one line on stdout, parsed; throws if it is no JSON on one line. */
export function record(
  line: string,
  options: Partial<NormalizerOptions> = {},
  mark?: LineMark,
): LogRecord & Record<string, unknown> {
  return parse(createNormalizer({ ...OPTIONS, ...options }).record(line, 'stdout', CAPTURED, mark));
}

export function parse(text: string): LogRecord & Record<string, unknown> {
  if (text.indexOf('\n') !== text.length - 1) throw new Error(`not one line: ${JSON.stringify(text)}`);
  return JSON.parse(text) as LogRecord;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What is wrong with a record; undefined when each core field is there and of its type. */
export function flaw(value: LogRecord): string | undefined {
  for (const key of ['name', 'hostname', 'msg', 'time'] as const) {
    if (typeof value[key] !== 'string') return `${key} is ${typeof value[key]}`;
  }
  if (!Number.isSafeInteger(value.pid)) return `pid is ${value.pid}`;
  if (!(Number.isInteger(value.level) && value.level >= 1 && value.level <= 99))
    return `level is ${value.level}`;
  if (!ISO.test(value.time) || Number.isNaN(Date.parse(value.time))) return `time is ${value.time}`;
  if (value.v !== 0) return `v is ${String(value.v)}`;
  if (value.tenant !== OPTIONS.tenant) return `tenant is ${value.tenant}`;
  if (value.container !== OPTIONS.container) return `container is ${value.container}`;
  if (value.stream !== 'stdout') return `stream is ${value.stream}`;
  return undefined;
}

import { LEVELS } from '../../wire/record.js';
import { NormalizeError } from './errors.js';
import type { RedactOptions } from './redact.js';

export type FieldValue = string | number | boolean;

export interface NormalizerOptions {
  /** The record's `name` where the line gives none: the container or the component. */
  readonly name: string;
  /** The record's `hostname` where the line gives none. */
  readonly hostname: string;
  /** The record's `pid` where the line gives none. */
  readonly pid: number;
  readonly tenant?: string;
  readonly container?: string;
  /** Added where the record's `name` is another and the line has no `component` of its own. */
  readonly component?: string;
  /** Level of a line on stdout that says none. Default 30. */
  readonly levelForStdout?: number;
  /** Level of a line on stderr that says none. Default 50. */
  readonly levelForStderr?: number;
  /** Added to every record. A line cannot say otherwise: its own value moves under `orig`. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
  /** What to take out of every line before it is read. Nothing by default; see DEFAULT_REDACT. */
  readonly redact?: RedactOptions;
}

export const DEFAULT_LEVEL_FOR_STDOUT = LEVELS.info;
export const DEFAULT_LEVEL_FOR_STDERR = LEVELS.error;

/** The fields that bunyan's own program asks of a record. */
export const CORE_FIELDS = ['name', 'hostname', 'pid', 'level', 'msg', 'time', 'v'] as const;

/** What this program writes into a record beside them. */
export const ADDED_FIELDS = ['tenant', 'container', 'stream', 'orig', 'truncated', 'invalidUtf8'] as const;

/** Throws a NormalizeError for a field that would overwrite what every record has. */
export function checkFields(fields: Readonly<Record<string, FieldValue>>): void {
  const taken = new Set<string>([...CORE_FIELDS, ...ADDED_FIELDS, 'component', 'err', '__proto__']);
  for (const [name, value] of Object.entries(fields)) {
    if (taken.has(name) || name === '') {
      throw new NormalizeError(
        'field',
        `A field cannot be named ${JSON.stringify(name)}: choose another name.`,
      );
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new NormalizeError(
        'field',
        `Field ${name} is ${value}, which JSON cannot say: give a finite number.`,
      );
    }
  }
}

import { formatRecord, isBunyan } from '../../relay/encode/text.js';
import { spell } from '../../relay/encode/text-words.js';
import { LEVELS, type LogRecord } from '../../wire/index.js';
import { parseRecord } from './parse-record.js';
import { highlighter } from './patterns.js';
import { visible, visibleJson, visibleValue } from '../../wire/visible.js';

export const OUTPUTS = ['short', 'long', 'json', 'raw', 'simple'] as const;

export type Output = (typeof OUTPUTS)[number];

export interface RenderOptions {
  readonly output: Output;
  readonly color: boolean;
  /** A terminal shows it: what would drive it is made visible. */
  readonly terminal: boolean;
  /** In the time zone of this process instead of UTC; `short` and `long` only. @defaultValue false */
  readonly localTime?: boolean;
  /** What is inverted where it stands. @defaultValue none */
  readonly highlight?: readonly RegExp[];
}

/** The field that a record gets which comes too late to be in its place, and by how much: `"230ms"`. */
export const LATE = 'spillway.late';

/**
 * Makes the function that turns the line of a record into what is printed, with a line feed at its end.
 *
 * Its second argument says by how many ms the record is late: it gets a field more for that, or in the outputs that
 * show no fields a word in front.
 */
export function renderer(options: RenderOptions): (line: string, late?: number) => string {
  const { output, color, terminal, localTime = false, highlight = [] } = options;
  const guard = terminal ? visible : (text: string) => text;
  const emphasize = color ? highlighter(highlight) : (text: string) => text;

  const print = (line: string, late?: number): string => {
    const mark = late === undefined ? '' : `(late by ${late}ms) `;
    const record = late === undefined && output === 'json' ? undefined : parseRecord(line);
    if (output === 'json') {
      const text = record === undefined ? line : JSON.stringify({ ...record, [LATE]: `${late}ms` });
      return `${terminal ? visibleJson(text) : text}\n`;
    }
    if (record === undefined) return `${mark}${guard(line)}\n`;
    if (output === 'raw') return `${mark}${guard(messageOf(record, line))}\n`;
    // As the bunyan program does: what is no record stands as it came.
    if (!isBunyan(record)) return `${mark}${guard(line)}\n`;
    if (output === 'simple') return `${mark}${guard(simple(record))}\n`;
    const whole = late === undefined ? record : { ...record, [LATE]: `${late}ms` };
    // The strings, not the text: the text has escape codes of its own.
    const shown = terminal ? (visibleValue(whole) as object) : whole;
    return formatRecord(shown, { mode: output, color, localTime });
  };
  return (line, late) => emphasize(print(line, late));
}

function messageOf(record: object, line: string): string {
  const { msg } = record as { msg?: unknown };
  if (typeof msg === 'string') return msg;
  return msg === undefined || typeof msg === 'object' ? line : JSON.stringify(msg);
}

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(LEVELS).map(([word, level]) => [level, word.toUpperCase()]),
);

/** `INFO - message`, as `bunyan -o simple` has it. */
function simple({ level, msg }: LogRecord): string {
  return `${WORDS.get(level) ?? `LVL${String(level)}`} - ${spell(msg)}`;
}

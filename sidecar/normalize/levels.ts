import { LEVELS } from '../../wire/record.js';

const { trace, debug, info, warn, error, fatal } = LEVELS;

/**
 * What loggers call their levels, in lower case. A word between two of bunyan's goes to the less alarming one, but
 * what is above `error` everywhere (critical, alert, emergency, panic) is `fatal`.
 */
const WORDS: ReadonlyMap<string, number> = new Map(
  (
    [
      [trace, 'trace trac trc trce finest finer silly vrb'],
      [debug, 'debug debu dbug dbg fine verbose http'],
      [info, 'info inf information informational notice config log success default'],
      [warn, 'warn warning wrn'],
      [error, 'error erro err severe fail'],
      [fatal, 'fatal fata ftl critical crit alert panic pani dpanic emergency emerg'],
    ] as const
  ).flatMap(([level, words]) => words.split(' ').map((word) => [word, level] as const)),
);

/** Words that say no more and no less than bunyan's number does. */
const SYNONYMS = new Set([...Object.keys(LEVELS), 'warning', 'information']);

/** slog writes what lies between two levels as a distance from the lower one, four steps to a level. */
const SLOG = /^(DEBUG|INFO|WARN|ERROR)([+-]\d{1,4})$/;

export interface ReadLevel {
  readonly level: number;
  /** The number says all that the word said. */
  readonly exact: boolean;
}

const known = new Map<string, ReadLevel | undefined>();
/** Spellings remembered: loggers use a handful, a hostile line could bring any number. */
const MAX_KNOWN = 256;

/** The level that a logger's word names, in any case; undefined for a word that names none. */
export function levelOfWord(word: string): ReadLevel | undefined {
  if (word.length > 16) return undefined;
  const before = known.get(word);
  if (before !== undefined || known.has(word)) return before;
  const read = readWord(word);
  if (known.size < MAX_KNOWN) known.set(word, read);
  return read;
}

function readWord(word: string): ReadLevel | undefined {
  const slog = SLOG.exec(word);
  if (slog !== null) {
    const base = WORDS.get((slog[1] as string).toLowerCase()) as number;
    const level = base + Math.floor(Number(slog[2]) / 4) * 10;
    return { level: Math.min(fatal, Math.max(trace, level)), exact: false };
  }
  const lower = word.trim().toLowerCase();
  const level = WORDS.get(lower);
  return level === undefined ? undefined : { level, exact: SYNONYMS.has(lower) };
}

/** Whether a number can stand as a record's level as it is; custom ones between bunyan's six may. */
export function isLevel(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 99;
}

/** By severity of RFC 5424, section 6.2.1. */
const BY_SEVERITY = [fatal, fatal, fatal, error, warn, info, info, debug] as const;

/** The level of a syslog priority value: its severity is the lowest three bits. */
export function levelOfPriority(priority: number): number {
  return BY_SEVERITY[priority & 7] as number;
}

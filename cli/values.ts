import type { OptionSpec } from './command.js';

/** A word as the value of an option, or what the word should have been. */
export type Reading = { readonly value: unknown } | { readonly expected: string };

export function readValue(spec: OptionSpec, word: string): Reading {
  switch (spec.type) {
    case 'string':
      return { value: word };
    case 'list':
      return {
        value: word
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      };
    case 'patterns':
      return readPattern(word);
    case 'flag':
      return readFlag(word);
    case 'choice':
      return spec.choices?.includes(word)
        ? { value: word }
        : { expected: `one of ${(spec.choices ?? []).join(', ')}` };
    case 'integer':
      return inRange(spec, /^-?\d+$/.test(word) ? Number(word) : undefined, 'a whole number');
    case 'bytes':
      return inRange(spec, parseBytes(word), 'a size such as 64MiB or 65536');
    case 'duration':
      return inRange(spec, parseDuration(word), 'a time such as 2s or 500ms');
  }
}

function readFlag(word: string): Reading {
  if (/^(?:1|true|yes|on)$/i.test(word)) return { value: true };
  if (/^(?:0|false|no|off)$/i.test(word)) return { value: false };
  return { expected: 'true or false' };
}

/** Its case counts only where a capital is written, as in ripgrep's smart case; `\S` and its like are no capitals. */
function readPattern(word: string): Reading {
  const isExact = /\p{Lu}/u.test(word.replaceAll(/\\./gs, ''));
  try {
    return { value: [new RegExp(word, isExact ? '' : 'i')] };
  } catch (error) {
    return { expected: `a regular expression (${(error as Error).message})` };
  }
}

function inRange({ min, max, unit }: OptionSpec, value: number | undefined, what: string): Reading {
  const low = min ?? 0;
  if (value !== undefined && Number.isSafeInteger(value) && value >= low && value <= (max ?? Infinity)) {
    return { value };
  }
  const of = unit === undefined ? '' : ` of ${unit}`;
  return { expected: `${what}${of}${max === undefined ? `, ${low} or more` : ` from ${low} to ${max}`}` };
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
]);

/** `64MiB`, `1.5GB`, `65536`: bytes; undefined for anything else. */
export function parseBytes(word: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(word) ?? [];
  const scale = BYTES.get(unit.toLowerCase());
  return digits === undefined || scale === undefined ? undefined : Math.round(Number(digits) * scale);
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** `500ms`, `2s`, `1m30s`, and a bare number for milliseconds; undefined for anything else. */
export function parseDuration(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(word)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of word.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sum += Number(digits) * (MILLISECONDS[unit as string] as number);
  }
  return Math.round(sum);
}

import type { OptionSpec } from './command.js';
import { envName, longName } from './options.js';

/** How an option is written and what is to be said of it: what the help page, the manual and the completion share. */
export interface OptionWords {
  /** With its dash. */
  readonly short: string | undefined;
  /** With its dashes. */
  readonly long: string;
  /** `--no-…`, where that changes anything. */
  readonly negated: string | undefined;
  /** What stands for its value, without brackets; undefined for a flag. */
  readonly value: string | undefined;
  /** The value may be left out, and else needs a `=`. */
  readonly isBare: boolean;
  /** Behind the help: `default: 20 records`, `SPILLWAY_TAIL`. */
  readonly remarks: readonly string[];
}

export function wordsOf(key: string, option: OptionSpec): OptionWords {
  const name = longName(key);
  const isFlag = option.type === 'flag';
  return {
    short: option.short === undefined ? undefined : `-${option.short}`,
    long: `--${name}`,
    negated: isFlag && option.default === true ? `--no-${name}` : undefined,
    value: isFlag ? undefined : (option.value ?? placeholder(option)),
    isBare: option.bare !== undefined,
    remarks: remarksOf(key, option),
  };
}

function placeholder({ type, unit, choices }: OptionSpec): string {
  switch (type) {
    case 'integer':
      return unit ?? 'n';
    case 'bytes':
      return 'bytes';
    case 'duration':
      return 'time';
    case 'choice':
      return (choices ?? []).join('|');
    case 'list':
      return 'a,b';
    case 'patterns':
      return 'pattern';
    default:
      return 'text';
  }
}

function remarksOf(key: string, option: OptionSpec): string[] {
  const remarks: string[] = [];
  const { unit } = option;
  if (option.required === true) remarks.push('required');
  if (option.default !== undefined) {
    remarks.push(`default: ${option.default}${unit === undefined ? '' : ` ${unit}`}`);
  } else if (unit !== undefined && option.value !== undefined) {
    remarks.push(`unit: ${unit}`);
  }
  if (option.env !== false) remarks.push(envName(key));
  return remarks;
}

/** Its value is a file of this machine. */
export function isPath({ value }: OptionSpec): boolean {
  return value === 'path' || value === 'file';
}

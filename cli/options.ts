import { parseArgs } from 'node:util';
import type { CommandSpec, OptionSpec, OptionTable, OptionValues, Parsed, ValueSource } from './command.js';
import { UsageError } from './errors.js';
import { didYouMean } from './suggest.js';
import { readValue } from './values.js';

/**
 * Reads a command's words and environment by its table of options: argv first, then `SPILLWAY_<NAME>`, then the
 * profile, then the default. A mistake throws a {@link UsageError}.
 *
 * It stands on node:util's tokenizer and no package: the child of `spillway sidecar` must start within 60 ms of a
 * start without it, 50 of which are node's own, and this is loaded before that child can be started.
 *
 * @param argv the words after the command's name
 * @param profile by long names without dashes; those of other commands are passed over
 */
export function parseCommand<const O extends OptionTable>(
  spec: CommandSpec<O>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  profile: Readonly<Record<string, string>> = {},
): Parsed<O> {
  const words = tokenize(spec, argv);
  const values: Record<string, unknown> = {};
  const sources: Record<string, ValueSource> = {};
  for (const [key, option] of Object.entries(spec.options)) {
    [values[key], sources[key]] = settle(key, option, words, env, profile);
  }
  if (!words.help) checkPositionals(spec, words.positionals);
  return {
    values: values as OptionValues<O>,
    sources: sources as { [K in keyof O]: ValueSource },
    positionals: words.positionals,
    rest: words.rest,
    help: words.help,
  };
}

/** `recentBytes` → `recent-bytes`. */
export function longName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `recentBytes` → `SPILLWAY_RECENT_BYTES`. */
export function envName(key: string): string {
  return `SPILLWAY_${longName(key).replaceAll('-', '_').toUpperCase()}`;
}

interface Words {
  /** By key of the table, in the order of argv, each with the option as it was typed. */
  readonly given: ReadonlyMap<string, readonly { typed: string; word: string }[]>;
  readonly positionals: readonly string[];
  readonly rest: readonly string[];
  readonly help: boolean;
}

function tokenize(spec: CommandSpec, argv: readonly string[]): Words {
  const keys = new Map(Object.keys(spec.options).map((key) => [longName(key), key]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        [...keys].map(([name, key]) => [name, tokenType(spec.options[key] as OptionSpec)]),
      ),
    },
    // Mistakes are told of below, in words of our own.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, { typed: string; word: string }[]>();
  const positionals: string[] = [];
  const rest: string[] = [];
  let help = false;
  let ended = false;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') {
      ended = spec.rest !== undefined;
    } else if (token.kind === 'positional') {
      (ended ? rest : positionals).push(token.value);
    } else if (token.name === 'help') {
      help = true;
    } else {
      const { key, word } = readToken(spec, keys, token);
      const all = given.get(key) ?? [];
      given.set(key, [...all, { typed: token.rawName, word }]);
    }
  }
  return { given, positionals, rest, help };
}

function tokenType({ type, short, bare }: OptionSpec): { type: 'string' | 'boolean'; short?: string } {
  return {
    type: type === 'flag' || bare !== undefined ? 'boolean' : 'string',
    ...(short !== undefined && { short }),
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readToken(
  spec: CommandSpec,
  keys: ReadonlyMap<string, string>,
  token: OptionToken,
): { key: string; word: string } {
  const { name, rawName, value, inlineValue } = token;
  const key = keys.get(name);
  if (key === undefined) {
    const negated = name.startsWith('no-') ? keys.get(name.slice('no-'.length)) : undefined;
    if (negated !== undefined && spec.options[negated]?.type === 'flag' && value === undefined) {
      return { key: negated, word: 'false' };
    }
    const hint = rawName.startsWith('--') ? didYouMean(name, [...keys.keys(), 'help'], '--') : '';
    throw new UsageError(`unknown option ${rawName}${hint}`, 'unknown-option');
  }
  const { type, bare } = spec.options[key] as OptionSpec;
  if (type === 'flag') return { key, word: value ?? 'true' };
  if (value === undefined && bare !== undefined) return { key, word: bare };
  if (value === undefined) {
    throw new UsageError(`${rawName} needs a value`, 'missing-value');
  }
  // `--level --tail 5` is a forgotten value far more often than a level called --tail.
  if (!inlineValue && value.length > 1 && value.startsWith('-')) {
    const problem = `${rawName} needs a value, and ${value} looks like an option (if not, write ${rawName}=${value})`;
    throw new UsageError(problem, 'missing-value');
  }
  return { key, word: value };
}

function settle(
  key: string,
  option: OptionSpec,
  { given, help }: Words,
  env: Readonly<Record<string, string | undefined>>,
  profile: Readonly<Record<string, string>>,
): [value: unknown, source: ValueSource] {
  const words = given.get(key);
  if (words !== undefined && !help) {
    const all = words.map(({ typed, word }) => read(option, typed, word));
    return [isMany(option) ? all.flat() : all.at(-1), 'argv'];
  }
  const variable = option.env === false ? undefined : env[envName(key)];
  // An empty variable is how a compose file or a unit file says nothing.
  if (variable !== undefined && variable !== '' && !help)
    return [read(option, envName(key), variable), 'env'];
  const kept = profile[longName(key)];
  if (kept !== undefined && !help) return [read(option, `${longName(key)} of the profile`, kept), 'profile'];
  if (option.default !== undefined)
    return [read(option, `the default of --${longName(key)}`, String(option.default)), 'default'];
  if (option.required === true && !help) {
    const problem = `--${longName(key)} is required (or ${envName(key)} in the environment)`;
    throw new UsageError(problem, 'missing-option');
  }
  if (option.type === 'flag') return [false, 'none'];
  return [isMany(option) ? [] : undefined, 'none'];
}

function isMany({ type }: OptionSpec): boolean {
  return type === 'list' || type === 'patterns';
}

function read(option: OptionSpec, name: string, word: string): unknown {
  const reading = readValue(option, word);
  if ('value' in reading) return reading.value;
  throw new UsageError(`${name} must be ${reading.expected}, not ${JSON.stringify(word)}`, 'bad-value');
}

function checkPositionals(spec: CommandSpec, words: readonly string[]): void {
  const { name = '', min = 0, max = 0 } = spec.positionals ?? {};
  if (words.length < min) {
    throw new UsageError(`spillway ${spec.name} needs ${name}`, 'missing-argument');
  }
  if (words.length > max) {
    const hint = spec.rest === undefined ? '' : ` (put ${spec.rest.name} after --)`;
    throw new UsageError(`unexpected argument ${words[max]}${hint}`, 'unexpected-argument');
  }
}

/**
 * What a command is: a table of options and a function. Next to no code, so that importing this costs nothing.
 *
 * A command module `cli/<name>.ts` exports two names:
 *
 * ```ts
 * export const command = defineCommand({ name: 'relay', summary: '…', usage: ['spillway relay …'], options: {
 *   listen: { type: 'string', default: '127.0.0.1:8080', value: 'host:port', help: 'where to serve HTTP' },
 *   flushTimeout: { type: 'duration', default: '2s', help: 'how long to wait for …' },
 * } });
 * export async function run({ values }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
 *   values.listen;       // string
 *   values.flushTimeout; // number, milliseconds
 * }
 * ```
 */

/** How an option's word is read, and what it becomes. */
export type OptionType =
  /** the word itself */
  | 'string'
  /** a whole number, `min` and `max` inclusive */
  | 'integer'
  /** `64MiB`, `10MB`, `16777216`: a number of bytes */
  | 'bytes'
  /** `2s`, `500ms`, `1m30s`; a bare number is milliseconds: a number of milliseconds */
  | 'duration'
  /** present or not; `--no-<name>` says no */
  | 'flag'
  /** may be given again, and each word may hold several with commas between: a list of strings */
  | 'list'
  /** a regular expression; may be given again: a list of RegExp, in which case counts only where a capital is written */
  | 'patterns'
  /** one word of `choices` */
  | 'choice';

/**
 * One option. The table's key is its name in the code (`recentBytes`); the long option (`--recent-bytes`) and the
 * environment variable (`SPILLWAY_RECENT_BYTES`) follow from it. Precedence: argv, environment, profile, default.
 */
export interface OptionSpec {
  readonly type: OptionType;
  /** One letter, without the dash. */
  readonly short?: string;
  /** As somebody would type it (`'64MiB'`, `'2s'`, `1000`); it is read by the same parser. */
  readonly default?: string | number | boolean;
  /** Without it, and without a default, the command cannot run. */
  readonly required?: boolean;
  /** What a number counts, for the help page: `records`. Bytes and durations have theirs already. */
  readonly unit?: string;
  /** For `choice`. */
  readonly choices?: readonly string[];
  /** For `integer`, `bytes` (bytes) and `duration` (ms). */
  readonly min?: number;
  readonly max?: number;
  /** What the option without a value stands for: `--sort` is `--sort=100ms`. A value then needs its `=`. */
  readonly bare?: string;
  /** False where the variable of that name means another thing to another command. @defaultValue true */
  readonly env?: false;
  /** What the help page shows in the value's place: `<host:port>`. */
  readonly value?: string;
  /** One phrase, without a full stop at its end. */
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The words of a command that are not options. */
export interface PositionalsSpec {
  readonly name: string;
  readonly help: string;
  /** Fewest and most words. */
  readonly min: number;
  readonly max: number;
}

export interface CommandSpec<O extends OptionTable = OptionTable> {
  readonly name: string;
  /** One phrase, for the list of commands. */
  readonly summary: string;
  /** The ways to call it, one line each. */
  readonly usage: readonly string[];
  readonly options: O;
  readonly positionals?: PositionalsSpec;
  /** Present if words after `--` are a command of the user's own; else they count as positionals. */
  readonly rest?: { readonly name: string; readonly help: string };
  /** Paragraphs below the options: exit codes, examples. */
  readonly notes?: readonly string[];
}

/** What an option's word becomes. */
type Value<S extends OptionSpec> = S['type'] extends 'integer' | 'bytes' | 'duration'
  ? number
  : S['type'] extends 'flag'
    ? boolean
    : S['type'] extends 'list'
      ? readonly string[]
      : S['type'] extends 'patterns'
        ? readonly RegExp[]
        : S['type'] extends 'choice'
          ? S extends { readonly choices: readonly (infer C extends string)[] }
            ? C
            : string
          : string;

/** A flag that nobody gave is false and such a list is empty; any other such option is undefined. */
type Settled<S extends OptionSpec> = S['type'] extends 'flag' | 'list' | 'patterns'
  ? Value<S>
  : S extends { readonly default: string | number | boolean } | { readonly required: true }
    ? Value<S>
    : Value<S> | undefined;

export type OptionValues<O extends OptionTable> = { readonly [K in keyof O]: Settled<O[K]> };

/** Where a value came from: a command may need to know whether the user said it. */
export type ValueSource = 'argv' | 'env' | 'profile' | 'default' | 'none';

export interface Parsed<O extends OptionTable = OptionTable> {
  readonly values: OptionValues<O>;
  readonly sources: { readonly [K in keyof O]: ValueSource };
  readonly positionals: readonly string[];
  /** The words after `--`, where the command has a `rest`. */
  readonly rest: readonly string[];
  /** `--help` was asked for: nothing else has been checked. */
  readonly help: boolean;
}

/** `ParsedFor<typeof command>`: what `run` is handed. */
export type ParsedFor<C extends CommandSpec> = Parsed<C['options']>;

/**
 * The world as a command sees it. The streams are opened when first asked for: `node:tty` and `node:net` cost
 * milliseconds that a command which hands its own descriptors to a child need not pay.
 */
export interface CommandIo {
  readonly stdin: NodeJS.ReadStream;
  /** Closed by its reader (EPIPE), it ends the process with 0, unless the command listens for `error` itself. */
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What `bin` loads. `run` resolves to the exit code. SIGINT ends the process with 130 and SIGTERM with 143, unless
 * the list of commands says that this one has signal handlers of its own.
 */
export interface CommandModule {
  readonly command: CommandSpec;
  run(parsed: Parsed, io: CommandIo): Promise<number>;
}

/** The identity, for its types: keeps every literal of the table, from which the values' types follow. */
export function defineCommand<const O extends OptionTable>(spec: CommandSpec<O>): CommandSpec<O> {
  return spec;
}

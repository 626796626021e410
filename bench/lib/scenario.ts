import type { CommandSpec, OptionTable, OptionValues } from '../../cli/command.js';
import type { Use } from './usage.js';

/** A figure that DESIGN §13 asks for. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One measured quantity. Data, so that a table, a JSON file and a plot can all be made of it. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** Where in the scenario's space it was measured: `{ consumers: 1000 }`; a plot's axis. */
  readonly at?: Readonly<Record<string, string | number>>;
  /** One a round. */
  readonly samples: readonly number[];
  readonly target?: Target;
}

export interface Outcome {
  /** What ran, in sentences. */
  readonly setup: readonly string[];
  readonly figures: readonly Figure[];
  /** CPU and memory of every process, load and readers included. */
  readonly processes: Readonly<Record<string, Use>>;
  /** What a reader of the figures should know. */
  readonly notes?: readonly string[];
}

/** What a scenario may use of the harness. */
export interface Bench {
  /** Says on the terminal what is going on now. */
  progress(sentence: string): void;
  /** `--profile` was given. */
  readonly profile: boolean;
}

export interface Scenario<O extends OptionTable = OptionTable> {
  /** Name, one phrase, options with their defaults: `npm run bench -- <name> --help`. */
  readonly spec: CommandSpec<O>;
  readonly question: string;
  /** Words in a run of all, where the defaults would take too long: that run is to end within ten minutes. */
  readonly inAll: readonly string[];
  /** @throws {BenchError} `law` where the run does not add up */
  run(values: OptionValues<O>, bench: Bench): Promise<Outcome>;
}

/** The identity, for its types. */
export function defineScenario<const O extends OptionTable>(scenario: {
  name: string;
  summary: string;
  question: string;
  options: O;
  inAll?: readonly string[];
  run: (values: OptionValues<O>, bench: Bench) => Promise<Outcome>;
}): Scenario<O> {
  const { name, summary, question, options, inAll = [], run } = scenario;
  return {
    spec: { name, summary, usage: [`npm run bench -- ${name} [options]`], options },
    question,
    inAll,
    run,
  };
}

/** Options that mean the same wherever they stand. */
export const CONSUMERS = { type: 'integer', default: 1000, min: 1, help: 'SSE consumers' } as const;
export const ROUNDS = {
  type: 'integer',
  default: 3,
  min: 1,
  help: 'measured rounds, after one for warming up',
} as const;
export const RECORD_BYTES = {
  type: 'integer',
  default: 220,
  min: 130,
  unit: 'bytes',
  help: 'size of a record',
} as const;

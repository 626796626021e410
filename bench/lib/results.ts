import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.js';
import type { Outcome } from './scenario.js';
import { summarize } from './statistics.js';

export const RESULTS = fileURLToPath(new URL('../../../bench/results/', import.meta.url));

/** One scenario of a run, with what it was asked. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly question: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  /** Absent where it failed. */
  readonly outcome?: Outcome;
  readonly failure?: string;
}

export interface RunResult {
  /** Version of this shape. */
  readonly v: 1;
  readonly startedAt: string;
  readonly machine: Machine;
  readonly scenarios: readonly ScenarioResult[];
}

/** Writes a run as JSON, each figure with its median and range beside the samples. Answers the path. */
export function writeResults(run: RunResult, folder = RESULTS): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${run.startedAt.replaceAll(':', '')}.json`);
  const scenarios = run.scenarios.map(({ outcome, ...rest }) => ({
    ...rest,
    ...(outcome && {
      outcome: {
        ...outcome,
        figures: outcome.figures.map((figure) => ({ ...figure, ...summarize(figure.samples) })),
      },
    }),
  }));
  writeFileSync(path, `${JSON.stringify({ ...run, scenarios }, null, 2)}\n`);
  return path;
}

import type { Era } from './era.js';
import type { Plan } from './plan.js';
import type { ProgramRun } from './program-runs.js';

export interface Progress {
  readonly seconds: number;
  /** Lines that the programs printed. */
  readonly printed: number;
  /** Lines that all readers got. */
  readonly delivered: number;
  readonly faults: number;
  readonly findings: number;
}

/** What a run came to. */
export interface Verdict {
  readonly seed: number;
  readonly seconds: number;
  /** Lines that the programs printed, over so many runs of them. */
  readonly printed: number;
  readonly runs: number;
  /** Lines that all readers got, over so many connections. */
  readonly delivered: number;
  readonly connections: number;
  /** What all readers were told is missing, by hop and reason. */
  readonly told: Readonly<Record<string, number>>;
  /** Sources told of as silent. */
  readonly silent: number;
  /** What was done, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** What does not add up; empty where the law holds. */
  readonly findings: readonly string[];
}

export function verdictOf(
  { seed }: Plan,
  { seconds, printed, delivered }: Progress,
  runs: readonly ProgramRun[],
  eras: readonly Era[],
  faults: Readonly<Record<string, number>>,
  findings: readonly string[],
): Verdict {
  const sittings = eras.flatMap((era) => era.sittings);
  const told: Record<string, number> = {};
  for (const { audit } of sittings) {
    for (const [kind, count] of audit.told) told[kind] = (told[kind] ?? 0) + count;
  }
  const silent = sittings.reduce((sum, { audit }) => sum + audit.silent, 0);
  const connections = sittings.length;
  return {
    seed,
    seconds,
    printed,
    runs: runs.length,
    delivered,
    connections,
    told,
    silent,
    faults,
    findings,
  };
}

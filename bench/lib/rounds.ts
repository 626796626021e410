import type { Figure, Target } from './scenario.js';

/** Runs a round for warming up, whose figures are thrown away, and then `count` that count. */
export async function runRounds<S>(
  count: number,
  round: (index: number, warmUp: boolean) => Promise<S>,
): Promise<S[]> {
  await round(0, true);
  const samples: S[] = [];
  for (let i = 1; i <= count; i += 1) samples.push(await round(i, false));
  return samples;
}

/** What of a round is a number. */
type NumberKey<S> = { [K in keyof S & string]: S[K] extends number ? K : never }[keyof S & string];

/** One figure of the same quantity in every round. */
export function figureOf<S extends object>(
  rounds: readonly S[],
  key: NumberKey<S>,
  unit: string,
  details: { what?: string; at?: NonNullable<Figure['at']>; target?: Target } = {},
): Figure {
  const { what = key, ...rest } = details;
  return { what, unit, ...rest, samples: rounds.map((round) => round[key] as number) };
}

import type { Figure } from '../lib/scenario.js';
import { summarize, type Summary } from '../lib/statistics.js';

/** One quantity in this tree by the same in the other. */
export interface Ratio {
  readonly figure: Figure;
  readonly here: number;
  readonly there: number;
  /** Over the pairs. */
  readonly ratio: Summary;
}

/** Runs of both trees, one right after the other. */
export interface Pair {
  readonly here: readonly Figure[];
  readonly there: readonly Figure[];
}

/**
 * Each figure's ratio, here by there, within each pair, so that what the machine did in between is in both. A figure that
 * one side lacks, or that is 0 there, has no ratio and is left out.
 */
export function ratiosOf(pairs: readonly Pair[]): Ratio[] {
  const [first] = pairs;
  return (first?.here ?? []).flatMap((figure) => {
    const key = keyOf(figure);
    const values = pairs.flatMap(({ here, there }) => {
      const [own, other] = [here, there].map((figures) => figures.find((each) => keyOf(each) === key));
      if (own === undefined || other === undefined) return [];
      return [[summarize(own.samples).median, summarize(other.samples).median] as const];
    });
    const ratios = values.flatMap(([own, other]) => (other === 0 ? [] : [own / other]));
    if (ratios.length === 0) return [];
    const here = summarize(values.map(([own]) => own)).median;
    const there = summarize(values.map(([, other]) => other)).median;
    return [{ figure, here, there, ratio: summarize(ratios) }];
  });
}

function keyOf({ what, unit, at }: Figure): string {
  return JSON.stringify([what, unit, at]);
}

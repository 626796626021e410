export interface SearchOptions {
  /** The first rate tried, and the lowest worth knowing of. */
  readonly from: number;
  /** Never tried beyond. */
  readonly upTo: number;
  /** Halvings of the interval between the last rate that was sustained and the first that was not. */
  readonly steps: number;
}

/**
 * The highest rate that `sustained` says yes to: doubles until it says no, then halves the interval. Answers 0 where
 * even the first is too much.
 */
export async function findHighest(
  { from, upTo, steps }: SearchOptions,
  sustained: (rate: number) => Promise<boolean>,
): Promise<number> {
  let good = 0;
  let bad: number | undefined;
  for (let rate = from; bad === undefined;) {
    if (await sustained(rate)) {
      good = rate;
      if (rate === upTo) return rate;
      rate = Math.min(upTo, rate * 2);
    } else {
      bad = rate;
    }
  }
  if (good === 0) return 0;
  for (let step = 0; step < steps; step += 1) {
    const middle = Math.round((good + bad) / 2);
    if (middle === good || middle === bad) break;
    if (await sustained(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** How long canaries took to a place, of those that came. */
export interface Trail {
  readonly came: number;
  readonly sent: number;
  /** ms; undefined where none came. */
  readonly median: number | undefined;
  readonly worst: number | undefined;
  /** They were sent one by one and came in lumps: something on the way holds them back. */
  readonly isClumped: boolean;
}

/** Below this nobody sees that a line was held back, ms. */
const HELD_MS = 250;

/** What comes within so long of the one before came with it, ms. */
const TOGETHER_MS = 20;

export function trailOf(sent: readonly number[], arrived: readonly (number | undefined)[]): Trail {
  const pairs = sent.flatMap((time, i) => {
    const arrival = arrived[i];
    return arrival === undefined ? [] : [{ arrival, took: arrival - time }];
  });
  const took = pairs.map((pair) => pair.took).toSorted((a, b) => a - b);
  return {
    came: took.length,
    sent: sent.length,
    median: took[Math.floor((took.length - 1) / 2)],
    worst: took.at(-1),
    isClumped: isClumped(
      pairs.map(({ arrival }) => arrival),
      took,
    ),
  };
}

/** Half of them came together with the one before, and the first of a lump had waited for the last. */
function isClumped(arrivals: readonly number[], took: readonly number[]): boolean {
  if (arrivals.length < 3 || (took.at(-1) as number) < HELD_MS) return false;
  const together = arrivals.filter((time, i) => i > 0 && time - (arrivals[i - 1] as number) < TOGETHER_MS);
  return together.length * 2 >= arrivals.length - 1;
}

/** The part of the way from one place to the next, as far as both saw the same canaries. */
export function between(
  first: readonly (number | undefined)[],
  second: readonly (number | undefined)[],
): number | undefined {
  const took = first
    .flatMap((time, i) => {
      const later = second[i];
      return time === undefined || later === undefined ? [] : [later - time];
    })
    .toSorted((a, b) => a - b);
  const median = took[Math.floor((took.length - 1) / 2)];
  // Both are noted by this process, which may look at the later first.
  return median === undefined ? undefined : Math.max(0, median);
}

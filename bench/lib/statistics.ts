/** What several rounds of one measurement say. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Median and range. @throws {RangeError} for no samples at all */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) throw new RangeError('a summary needs at least one sample');
  return { median: median(sorted), low, high };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** How long things took, µs. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

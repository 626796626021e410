import { BenchError } from './errors.js';

/** What one reader saw of a run. */
export interface ReaderCount {
  readonly received: number;
  /** Records that notices told it are missing. */
  readonly dropped: number;
}

/**
 * The law as a benchmark sees it from outside: what was printed or published is what the reader received and what it was
 * told is missing. A figure that was measured while records vanished is worth nothing.
 *
 * @param expected records published while the reader of that index was there
 * @throws {BenchError} `law`
 */
export function checkLaw(
  what: string,
  counts: readonly ReaderCount[],
  expected: (reader: number) => number,
): void {
  const wrong = counts.flatMap(({ received, dropped }, i) => {
    const missing = expected(i) - received - dropped;
    return missing === 0 ? [] : [`reader ${i}: ${expected(i)} ≠ ${received} + ${dropped} dropped`];
  });
  if (wrong.length === 0) return;
  const examples = wrong.slice(0, 3).join('; ');
  throw new BenchError(
    'law',
    `${what} does not add up for ${wrong.length} of ${counts.length} readers (${examples}).`,
  );
}

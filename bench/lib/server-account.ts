import { unaccounted, type ConsumerBalance } from '../../accounting/index.js';
import type { ReaderCount } from './account.js';
import { BenchError } from './errors.js';

/** What a relay says of one consumer at `GET /v1/consumers`. */
export interface ServerRow extends ConsumerBalance {
  readonly losses: readonly { readonly count: number }[];
}

/** The most that a relay lists at once. */
const LIMIT = 10_000;

export async function fetchServerAccount(url: string): Promise<readonly ServerRow[]> {
  const response = await fetch(`${url}/v1/consumers?limit=${LIMIT}`);
  if (!response.ok) throw new BenchError('part', `${url}/v1/consumers answered ${response.status}`);
  return ((await response.json()) as { consumers: readonly ServerRow[] }).consumers;
}

/**
 * The relay's own account against the readers': each row adds up, and what it says that it delivered and dropped is what
 * the readers received and were told of, summed over all of them (rows and readers have no common name).
 *
 * @throws {BenchError} `law`
 */
export function checkServerAccount(rows: readonly ServerRow[], counts: readonly ReaderCount[]): void {
  const wrong = rows.find((row) => unaccounted(row) !== 0);
  if (wrong !== undefined) {
    const { matched, delivered, dropped, queued } = wrong;
    throw new BenchError(
      'law',
      `The relay's account does not add up: ${matched} ≠ ${delivered} + ${dropped} + ${queued}.`,
    );
  }
  const says = {
    received: sum(rows, ({ delivered }) => delivered),
    dropped: sum(rows, ({ losses }) => sum(losses, ({ count }) => count)),
  };
  const saw = {
    received: sum(counts, ({ received }) => received),
    dropped: sum(counts, ({ dropped }) => dropped),
  };
  if (rows.length === counts.length && says.received === saw.received && says.dropped === saw.dropped) return;
  throw new BenchError(
    'law',
    `The relay says ${JSON.stringify(says)} of ${rows.length} consumers; ${counts.length} readers saw ${JSON.stringify(saw)}.`,
  );
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

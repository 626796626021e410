import type { ConsumersPage } from '../../relay/consumers-route.js';
import { BenchError } from '../lib/errors.js';

/** Everything that a relay says of its consumers. */
export async function fetchRows(url: string): Promise<ConsumersPage['consumers']> {
  return (JSON.parse(await text(`${url}/v1/consumers?limit=10000`)) as ConsumersPage).consumers;
}

/** The sums of a relay's `/metrics`, by what is asked of them. */
export class Metrics {
  readonly #samples: readonly string[];

  constructor(exposition: string) {
    this.#samples = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  static async fetch(url: string): Promise<Metrics> {
    return new Metrics(await text(`${url}/metrics`));
  }

  /** Of all samples of that name that have these labels among theirs. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    let sum = 0;
    for (const sample of this.#samples) {
      if (!sample.startsWith(`spillway_${name}{`) || !wanted.every((label) => sample.includes(label)))
        continue;
      sum += Number(
        sample
          .slice(sample.lastIndexOf('}') + 1)
          .trim()
          .split(' ')[0],
      );
    }
    return sum;
  }

  /** `matched − out − dropped − queued − abandoned`, over all consumers that there ever were. */
  get unaccounted(): number {
    const own = ['consumer-overflow', 'shutdown'].map((reason) =>
      this.sum('records_dropped_total', { hop: 'relay', reason }),
    );
    const rest =
      this.sum('records_out_total') + this.sum('queue_records') + this.sum('records_abandoned_total');
    return this.sum('records_matched_total') - rest - (own[0] as number) - (own[1] as number);
  }
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new BenchError('part', `${url} answered ${response.status}`);
  return response.text();
}

/** Longer than any relay is stopped for. */
const ANSWER_MS = 10_000;

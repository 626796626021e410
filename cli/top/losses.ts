import type { Reading } from './poll.js';
import { rateOf } from './rate.js';

/** What was lost at a hop for a reason. */
export interface LossRow {
  readonly hop: string;
  readonly reason: string;
  readonly total: number;
  /** A second; undefined where nothing was read before. */
  readonly rate: number | undefined;
}

export interface Pair {
  readonly reading: Reading;
  /** The same part's reading before this. */
  readonly last: Reading | undefined;
}

const OWN = 'spillway_records_dropped_total';
const UPSTREAM = 'spillway_records_dropped_upstream_total';

const sum = (a: number, b: number) => a + b;

/**
 * What was dropped, by hop and reason, most of it first; each loss once. A hop's own word counts where its process was
 * read. Of others, what the next part tells: each consolidator has sidecars of its own, so their words are added up; a
 * relay tells the same as every other relay, so the highest counts.
 */
export function lossRows(pairs: readonly Pair[]): LossRow[] {
  const rows = new Map<string, LossRow>();
  const told = new Set<string>();
  const add = (pair: Pair, name: string, merge: (a: number, b: number) => number) => {
    for (const { key, row } of lossesOf(pair, name)) {
      const known = rows.get(key);
      rows.set(key, known === undefined ? row : join(known, row, merge));
    }
  };
  for (const pair of pairs) add(pair, OWN, sum);
  for (const { reading } of pairs) if (reading.samples.length > 0) told.add(reading.kind);
  if (told.has('consolidator')) {
    for (const pair of pairs) if (pair.reading.kind === 'consolidator') add(pair, UPSTREAM, sum);
  } else {
    for (const pair of pairs) if (pair.reading.kind === 'relay') add(pair, UPSTREAM, Math.max);
  }
  return [...rows.values()].filter(({ total }) => total > 0).toSorted((a, b) => b.total - a.total);
}

function* lossesOf({ reading, last }: Pair, name: string): Generator<{ key: string; row: LossRow }> {
  const seconds = last === undefined ? 0 : (reading.at - last.at) / 1000;
  for (const sample of reading.samples) {
    if (sample.name !== name) continue;
    const { hop = '?', reason = '?' } = sample.labels;
    const was = last?.samples.find(
      (other) => other.name === name && other.labels['hop'] === hop && other.labels['reason'] === reason,
    );
    const rate = rateOf(sample.value, was?.value ?? (last && 0), seconds);
    yield { key: `${hop} ${reason}`, row: { hop, reason, total: sample.value, rate } };
  }
}

function join(a: LossRow, b: LossRow, merge: (a: number, b: number) => number): LossRow {
  const rate = a.rate === undefined || b.rate === undefined ? (a.rate ?? b.rate) : merge(a.rate, b.rate);
  return { ...a, total: merge(a.total, b.total), rate };
}

import type { Era } from './era.js';
import type { Outage } from './post.js';
import type { ProgramRun } from './program-runs.js';
import { Metrics } from './server-view.js';
import { isWithin, type Sitting } from './sitting.js';
import { kindOf } from './stream-audit.js';

/** What happened, as far as the law has to know. */
export interface History {
  readonly runs: readonly ProgramRun[];
  /** By VM, its consolidator's. */
  readonly outages: readonly (readonly Outage[])[];
}

/** What does not add up, once everything has come to rest; of the readers of these relays that are still there. */
export async function disagreements(eras: readonly Era[], history: History): Promise<string[]> {
  const found: string[] = [];
  for (const era of eras) {
    found.push(...(await checkMetrics(era)));
    for (const sitting of era.sittings) {
      if (sitting.isOver) continue;
      found.push(...checkAgreement(sitting));
      const { filter, containers } = sitting.plan;
      if (sitting.isFromStart && filter === 'all' && containers === undefined)
        found.push(...checkLaw(sitting, history, era.witnessOf(sitting.plan.stream)));
    }
  }
  return found;
}

/**
 * The law for one who read everything of a stream from start to end: `printed = delivered + Σ dropped`, exact to the
 * line, where every run of the stream came to a certain end. (Nothing is unread: somebody reads each stream before its
 * programs start, and nobody is away for as long as sidecars wait for a reader to come back.)
 *
 * Where some did not, the rest lies within what those runs printed behind their last line that came through, and
 * the readers were told of sources that fell silent.
 */
function checkLaw(sitting: Sitting, history: History, witness: Sitting): string[] {
  const { delivered, own, upstream, silent } = sitting.audit;
  const runs = history.runs.filter(({ plan }) => isWithin(plan.topic, sitting.plan.stream));
  const printed = runs.reduce((sum, run) => sum + run.printed(), 0);
  const rest = printed - delivered - own - upstream;
  const uncertain = runs.filter((run) => isEndUncertain(run, history));
  const behind = (run: ProgramRun) => run.printed() - 1 - (witness.audit.last.get(run.id) ?? -1);
  const most = sum(uncertain.map(behind));
  const problems: string[] = [];
  if (rest < 0 || rest > most) {
    const short = runs.filter((run) => !uncertain.includes(run) && behind(run) > 0);
    const ends = short.map(
      (run) => `; ${behind(run)} of them at the end of run ${run.id}, which said: ${run.part.said()}`,
    );
    problems.push(
      `${printed} printed ≠ ${delivered} delivered + ${own} dropped here + ${upstream} dropped before: ${rest} are unaccounted for, and ${most} at most may be${ends.join('')}`,
    );
  }
  // One that never came through is not known to have been there.
  const killed = uncertain.filter(({ id, wasKilled }) => wasKilled && witness.audit.last.has(id)).length;
  if (silent < killed) problems.push(`${killed} sidecars were killed in sight, ${silent} told of as silent`);
  return problems.map((text) => `${sitting.name}: ${text}`);
}

/**
 * Whether the end of a run may be known to nobody but its sidecar, which is gone. So it is with one that was killed; and
 * with one that took its leave (its last records and a `fin`) while its consolidator was stopped, or of a consolidator
 * that was killed before it had handed that on; or that took so long on a machine with more to do than it can that the
 * time for it was over. A sidecar gets no receipt: ZeroMQ has none.
 */
function isEndUncertain({ wasKilled, endedAt, leave, plan }: ProgramRun, { outages }: History): boolean {
  if (wasKilled || endedAt === undefined || leave > FLUSH_TIMEOUT_MS) return true;
  return (outages[plan.vm] as readonly Outage[]).some(
    ({ what, from, to }) =>
      from < endedAt + (what === 'kill' ? HANDED_ON_MS : 0) && to > endedAt - TAKING_LEAVE_MS,
  );
}

const FLUSH_TIMEOUT_MS = 2_000;
/** A sidecar's flush timeout and two seconds, ms: so long its end may take. */
const TAKING_LEAVE_MS = FLUSH_TIMEOUT_MS + 2_000;
/** What a consolidator took in has come to the relays so long after, even where they were stopped meanwhile, ms. */
const HANDED_ON_MS = 4_000;

/** A reader's own count and the relay's word are the same, kind by kind. */
function checkAgreement({ audit, row, name }: Sitting): string[] {
  if (row === undefined) return [`${name}: the relay never listed it`];
  const problems: string[] = [];
  const compare = (what: string, read: number, says: number) => {
    if (read !== says) problems.push(`${name}: ${what} ${read}, and the relay says ${says}`);
  };
  compare('read', audit.delivered, row.delivered);
  compare('still waiting', 0, row.queued);
  for (const kind of new Set([...audit.told.keys(), ...row.losses.map(kindOf)])) {
    const says = row.losses.find((loss) => kindOf(loss) === kind)?.count ?? 0;
    compare(`told of ${kind}`, audit.told.get(kind) ?? 0, says);
  }
  compare('told of silent sources', audit.silent, row.silentSources);
  return problems;
}

/** A relay's `/metrics` and what its readers know are the same. */
async function checkMetrics(era: Era): Promise<string[]> {
  const metrics = await Metrics.fetch(era.url);
  const problems: string[] = [];
  const compare = (what: string, read: number, says: number) => {
    if (read !== says)
      problems.push(`relay ${era.relay}: ${what} ${read} by its readers, and ${says} by /metrics`);
  };
  for (const [hop, reason] of UPSTREAM) {
    const name = hop === 'relay' ? 'records_dropped_total' : 'records_dropped_upstream_total';
    // The witnesses' streams have no topic in common, and between them have all.
    const told = era.witnesses.map(({ audit }) => audit.told.get(kindOf({ hop, reason })) ?? 0);
    compare(`${hop} ${reason}`, sum(told), metrics.sum(name, { hop, reason }));
  }
  const delivered = sum(era.sittings.map(({ audit }) => audit.delivered));
  const out = metrics.sum('records_out_total', { hop: 'relay' });
  // What was on its way to one that was cut off was handed over, and never read.
  const isAllRead = era.sittings.every(({ isOver, isComplete }) => !isOver || isComplete);
  if (isAllRead || delivered > out) compare('delivered', delivered, out);
  return problems;
}

const UPSTREAM = [
  ['sidecar', 'sidecar-overflow'],
  ['consolidator', 'transit'],
  ['relay', 'transit'],
] as const;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

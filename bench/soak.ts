// Does the account add up when everything that can be killed or stopped is? Real processes: consolidators, relays, sidecars
// over programs that print numbered lines, and readers of all kinds; faults by a seed. Ends by itself, with 1 if a
// single line is unaccounted for.
//
// npm run soak -- [--records 1e8] [--minutes 30] [--spacing 2] [--seed S] [--json]
import { parseArgs } from 'node:util';
import { withScope } from './lib/scope.js';
import { makePlan } from './soak/plan.js';
import { runTrial } from './soak/trial.js';
import type { Progress, Verdict } from './soak/verdict.js';

const { values } = parseArgs({
  options: {
    /** Lines that programs print, at least unless the time is over before. */
    records: { type: 'string', default: '1e8' },
    minutes: { type: 'string', default: '30' },
    /** Mean seconds between two faults. */
    spacing: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    /** Prints the verdict as JSON, on standard output. */
    json: { type: 'boolean', default: false },
  },
});
const [seed, lines, minutes, spacing] = [values.seed, values.records, values.minutes, values.spacing].map(
  (word) => {
    const number = Number(word);
    if (Number.isFinite(number) && number >= 0) return number;
    process.stderr.write(`soak: ${word} is no number\n`);
    process.exit(2);
  },
) as [number, number, number, number];

process.stderr.write(`soak: seed ${seed}\n`);
const duration = minutes * 60_000;
const plan = makePlan(seed, { duration, lines, spacing: spacing * 1_000 });
const verdict = await withScope((scope) => runTrial(scope, { plan, lines, onProgress: tell }));
process.stdout.write(values.json ? `${JSON.stringify(verdict)}\n` : summaryOf(verdict));
process.exitCode = verdict.findings.length === 0 ? 0 : 1;

function tell({ seconds, printed, delivered, faults, findings }: Progress): void {
  process.stderr.write(
    `${seconds} s: ${printed} printed, ${delivered} read by all, ${faults} faults, ${findings} findings\n`,
  );
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `  ${String(count).padStart(12)} ${what}\n`)
    .join('');
}

function summaryOf({
  seed,
  seconds,
  printed,
  runs,
  delivered,
  connections,
  told,
  silent,
  faults,
  findings,
}: Verdict) {
  const outcome =
    findings.length === 0
      ? 'every record is accounted for'
      : findings.map((text) => `UNACCOUNTED ${text}`).join('\n');
  return `seed ${seed}, ${seconds} s
${printed} lines printed in ${runs} runs; ${delivered} read over ${connections} connections
faults:
${list(faults)}told missing, over all connections:
${list(told)}  ${String(silent).padStart(12)} times that a source fell silent
${outcome}
`;
}

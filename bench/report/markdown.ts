import type { Outcome } from '../lib/scenario.js';
import type { RunResult } from '../lib/results.js';
import { summarize } from '../lib/statistics.js';
import { formatNumber, labelOf, targetCell } from '../lib/table.js';

/** The figures of a run as tables that can be pasted into a README, laid out as prettier lays them out. */
export function reportMarkdown(run: RunResult): string {
  const { cpu, cores, memoryGiB, kernel, node, load, commit } = run.machine;
  const minutes = run.scenarios.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const parts = [
    `Measured ${run.startedAt.slice(0, 10)} on ${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, commit ${commit}, load ${load} at the start; ${formatNumber(minutes)} minutes.`,
  ];
  for (const { scenario, outcome, failure } of run.scenarios) {
    parts.push(`### ${scenario}`);
    if (outcome === undefined) parts.push(`Failed: ${failure ?? ''}`);
    else parts.push(figuresTable(outcome), ...(outcome.notes ?? []));
  }
  return `${parts.join('\n\n')}\n`;
}

const HEAD = ['figure', 'median', 'range', 'unit', 'target'] as const;
/** The column of numbers is to the right. */
const RIGHT = 1;

function figuresTable({ figures }: Outcome): string {
  const rows = figures.map((figure) => {
    const { median, low, high } = summarize(figure.samples);
    const range = figure.samples.length > 1 ? `${formatNumber(low)} to ${formatNumber(high)}` : '';
    return [labelOf(figure), formatNumber(median), range, figure.unit, targetCell(median, figure.target)].map(
      (cell) => cell.replaceAll('|', '\\|'),
    );
  });
  const widths = HEAD.map((name, i) =>
    Math.max(3, ...[name, ...rows.map((row) => row[i] ?? '')].map(length)),
  );
  const pad = (cell: string, i: number) =>
    i === RIGHT ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number);
  const rule = widths.map((width, i) => (i === RIGHT ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [HEAD.map(pad), rule, ...rows.map((row) => row.map(pad))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function length({ length }: string): number {
  return length;
}

import type { Figure, Target } from './scenario.js';
import { summarize } from './statistics.js';
import type { Use } from './usage.js';

const MIB = 2 ** 20;

/** Lays rows out in columns; the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const pad = (cell: string, i: number) =>
    i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number);
  return rows.map((row) => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n');
}

export function figuresTable(figures: readonly Figure[]): string {
  return table([
    ['', 'median', 'low', 'high', 'unit', 'target'],
    ...figures.map((figure) => {
      const { median, low, high } = summarize(figure.samples);
      const range = figure.samples.length > 1 ? [formatNumber(low), formatNumber(high)] : ['', ''];
      return [
        labelOf(figure),
        formatNumber(median),
        ...range,
        figure.unit,
        targetCell(median, figure.target),
      ];
    }),
  ]);
}

export function processesTable(processes: Readonly<Record<string, Use>>): string {
  return table([
    ['process', 'CPU', 'main thread', 'MiB at start', 'peak', 'end'],
    ...Object.entries(processes).map(([name, use]) => [
      name,
      percent(use.cpu),
      percent(use.mainThread),
      ...[use.rssStart, use.rssPeak, use.rssEnd].map(mebibytes),
    ]),
  ]);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

export function labelOf({ what, at }: Figure): string {
  const where = Object.entries(at ?? {}).map(([key, value]) => `${key}: ${formatWhere(value)}`);
  return where.length === 0 ? what : `${what} (${where.join(', ')})`;
}

export function formatWhere(value: string | number): string {
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** Three digits that count, with thousands apart: `2,130,000`, `3.14`, `0.0152`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

export function isReached(value: number, target: Target): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function targetCell(value: number, target: Target | undefined): string {
  if (target === undefined) return '';
  const sign = 'atLeast' in target ? '≥' : '≤';
  const bound = 'atLeast' in target ? target.atLeast : target.atMost;
  return `${sign} ${formatNumber(bound)} ${isReached(value, target) ? 'reached' : 'missed'}`;
}

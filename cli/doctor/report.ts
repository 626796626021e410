import { time } from '../top/units.js';
import { fit } from '../width.js';
import { wrap } from '../wrap.js';
import type { Evidence } from './evidence.js';
import type { Finding } from './finding.js';
import { between, trailOf } from './trail.js';

/** What a canary took from hop to hop, ms. */
export interface Latency {
  readonly vm: string;
  readonly relay: string;
  readonly consolidator: number | undefined;
  readonly relayed: number | undefined;
  readonly total: number | undefined;
  readonly worst: number | undefined;
}

export function latenciesOf({ vms, relays }: Evidence): Latency[] {
  return vms.flatMap(({ publish, sent, tapped }, vm) =>
    relays.flatMap(({ url, stream }) => {
      const arrived = stream.arrivals[vm] ?? [];
      // What is the matter with it is a finding.
      if (stream.opened === undefined) return [];
      const { median, worst } = trailOf(sent, arrived);
      const latency = {
        vm: publish,
        relay: url,
        consolidator: between(sent, tapped),
        relayed: between(tapped, arrived),
        total: median,
        worst,
      };
      return [latency];
    }),
  );
}

const MARKS = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;
const COLORS = { ok: '\u001b[32m', warn: '\u001b[33m', fail: '\u001b[31m' } as const;

export interface ReportOptions {
  readonly columns: number;
  readonly color: boolean;
}

/** The findings in their order, what to do below each that is not well, then the way of the canaries. */
export function reportLines(
  findings: readonly Finding[],
  latencies: readonly Latency[],
  { columns, color }: ReportOptions,
): string[] {
  const lines = findings.flatMap(({ level, about, text, fix }) => {
    const mark = color ? `${COLORS[level]}${MARKS[level]}\u001b[39m` : MARKS[level];
    const said = wrap(`${about}: ${text}`.split(' '), columns - 6);
    const todo =
      fix === undefined ? [] : wrap(`→ ${fix}`.split(' '), columns - 8).map((line) => `        ${line}`);
    return [...said.map((line, i) => (i === 0 ? `${mark}  ${line}` : `      ${line}`)), ...todo];
  });
  if (latencies.length > 0) {
    lines.push('', row(columns, 'CANARY', 'to consolidator', 'to reader', 'total', 'worst'));
    for (const { vm, relay, consolidator, relayed, total, worst } of latencies) {
      const way = `${vm.replace(/^tcp:\/\//, '')} → ${relay.replace(/^https?:\/\//, '')}`;
      lines.push(row(columns, way, ms(consolidator), ms(relayed), ms(total), ms(worst)));
    }
  }
  const fails = findings.filter(({ level }) => level === 'fail').length;
  const warns = findings.filter(({ level }) => level === 'warn').length;
  lines.push(
    '',
    fails + warns === 0 ? 'all is well' : `${count(fails, 'fault')}, ${count(warns, 'warning')}`,
  );
  return lines;
}

function row(columns: number, way: string, ...cells: readonly string[]): string {
  const widths = [16, 10, 8, 8];
  const room = Math.max(20, Math.min(columns, 100) - widths.reduce((a, b) => a + b, 0));
  return fit(way, room) + cells.map((cell, i) => fit(cell, widths[i] ?? 8, 'right')).join('');
}

function ms(value: number | undefined): string {
  return value !== undefined && value < 9.95 ? `${value.toFixed(1)}ms` : time(value);
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

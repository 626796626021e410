import type { OptionSpec } from '../../cli/command.js';
import { longName } from '../../cli/options.js';
import type { Scenario } from './scenario.js';
import { table } from './table.js';

const COMMON = [
  ['--results <folder>', 'where the JSON goes [default: bench/results]'],
  ['--profile', "write a CPU profile of each of Spillway's processes to bench/results/profiles"],
  ['-h, --help', 'print this page'],
];

/** What `npm run bench -- --help` prints. */
export function overviewPage(scenarios: readonly Scenario[]): string {
  return `npm run bench                          every scenario with its defaults
npm run bench -- <scenario> [options]  one of them
npm run bench -- <scenario> --help     its options
npm run bench -- compare <git ref> [<scenario> [options]] [--pairs n]
                                       this tree against another, by turns: median ratio and spread
npm run bench -- report [file]         the newest run, or that one, as a page; with --markdown as tables

Scenarios
${leftTable(scenarios.map(({ spec }) => [spec.name, spec.summary]))}

Options
${leftTable(COMMON)}
`;
}

export function helpPage({ spec, question }: Scenario): string {
  const options = Object.entries(spec.options).map(([key, option]) => [
    `--${longName(key)} <${option.unit ?? option.choices?.join('|') ?? 'n'}>`,
    `${option.help}${defaultOf(option)}`,
  ]);
  return `${spec.usage.join('\n')}\n\n${question}\n\nOptions\n${leftTable([...options, ...COMMON])}\n`;
}

function defaultOf(option: OptionSpec): string {
  return option.default === undefined ? '' : ` [default: ${option.default}]`;
}

/** Two columns, both to the left. */
function leftTable(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left = '']) => left.length));
  return table(rows.map(([left = '', right = '']) => [`${left.padEnd(width)}  ${right}`]));
}

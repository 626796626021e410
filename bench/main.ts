#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { UsageError } from '../cli/errors.js';
import { parseCommand } from '../cli/options.js';
import { runCompare } from './compare/compare.js';
import { helpPage, overviewPage } from './lib/help.js';
import { describeMachine } from './lib/machine.js';
import { RESULTS, writeResults, type ScenarioResult } from './lib/results.js';
import { runScenario } from './lib/run.js';
import type { Scenario } from './lib/scenario.js';
import { reportMachine, reportResult } from './lib/terminal.js';
import { runReport, writeReport } from './report/report.js';
import { SCENARIOS } from './scenarios.js';

/**
 * `npm run bench` runs every scenario with its defaults, `npm run bench -- <scenario> [options]` one. Ends with 1 where
 * a run failed or did not add up, with 2 for a mistake in the words. A figure that misses its target is no failure: it
 * depends on the machine.
 */
async function main(argv: readonly string[]): Promise<number> {
  const { words, results, profile, help } = commonOptions(argv);
  const [name, ...rest] = words;
  if (name === undefined) {
    if (help) return print(overviewPage(SCENARIOS));
    return runAll(
      SCENARIOS.map((scenario) => ({ scenario, words: scenario.inAll })),
      { results, profile },
    );
  }
  if (name === 'report' && !help) return runReport(rest, results);
  if (name === 'compare' && !help) {
    return runCompare(
      rest,
      SCENARIOS.map(({ spec }) => spec.name),
    );
  }
  const scenario = SCENARIOS.find(({ spec }) => spec.name === name);
  if (scenario === undefined) {
    const names = SCENARIOS.map(({ spec }) => spec.name).join(', ');
    throw new UsageError(`there is no scenario ${name}; there are ${names}`, 'unknown-command');
  }
  if (help) return print(helpPage(scenario));
  return runAll([{ scenario, words: rest }], { results, profile });
}

/** Takes out the options that are the harness's own; what is left is the scenario's name and options. */
function commonOptions(argv: readonly string[]) {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      results: { type: 'string' },
      profile: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    tokens: true,
  });
  const words = [...argv];
  let results = RESULTS;
  let profile = false;
  let help = false;
  for (const token of tokens.toReversed()) {
    if (token.kind !== 'option') continue;
    if (token.name === 'results' && token.value !== undefined) {
      results = token.value;
      words.splice(token.index, token.inlineValue ? 1 : 2);
    } else if (token.name === 'profile') {
      profile = true;
      words.splice(token.index, 1);
    } else if (token.name === 'help') {
      help = true;
      words.splice(token.index, 1);
    }
  }
  return { words, results, profile, help };
}

interface Order {
  readonly scenario: Scenario;
  readonly words: readonly string[];
}

async function runAll(
  orders: readonly Order[],
  { results, profile }: { results: string; profile: boolean },
): Promise<number> {
  // All words are read before anything is started. The environment of the parts is not the scenarios'.
  const parsed = orders.map(({ scenario, words }) => ({
    scenario,
    ...parseCommand(scenario.spec, words, {}),
  }));
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  reportMachine(machine);
  const began = performance.now();
  const scenarios: ScenarioResult[] = [];
  for (const [i, { scenario, values }] of parsed.entries()) {
    const minutes = Math.floor((performance.now() - began) / 60_000);
    const place = `${i + 1}/${parsed.length}${parsed.length > 1 ? `, ${minutes} min,` : ''}`;
    const result = await runScenario(scenario, values, { profile, place });
    reportResult(result);
    scenarios.push(result);
  }
  const path = writeResults({ v: 1, startedAt, machine, scenarios }, results);
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`\n${seconds} s in all.\nResults: ${path}\nReport:  ${writeReport(path)}\n`);
  return scenarios.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}; see npm run bench -- --help\n`);
  process.exitCode = 2;
}

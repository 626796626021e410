import type { Machine } from './machine.js';
import type { ScenarioResult } from './results.js';
import { figuresTable, processesTable } from './table.js';

/** What is going on, on a line of stderr that the next one overwrites; on no terminal, a line each. */
export function progress(sentence: string): void {
  const { stderr } = process;
  if (stderr.isTTY) stderr.write(`\r\x1b[K${sentence}`);
  else if (sentence !== '') stderr.write(`${sentence}\n`);
}

export function reportMachine(machine: Machine): void {
  const { cpu, cores, memoryGiB, kernel, node, load, commit } = machine;
  say(`${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, commit ${commit}, load ${load}`);
  if (load > cores / 2) {
    say('This machine is busy with something else: absolute figures will be too low, ratios less so.');
  }
}

export function reportResult({ scenario, question, seconds, outcome, failure }: ScenarioResult): void {
  say(`\n${scenario}: ${question}`);
  if (failure !== undefined) say(`\n  FAILED after ${seconds} s: ${failure}`);
  if (outcome === undefined) return;
  for (const sentence of outcome.setup) say(`  · ${sentence}`);
  say(`\n${figuresTable(outcome.figures)}\n\n${processesTable(outcome.processes)}`);
  for (const note of outcome.notes ?? []) say(`  ${note}`);
  say(`  Every record is accounted for. ${seconds} s.`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPart, type Part, type PartOptions } from '../lib/parts.js';
import type { Scope } from '../lib/scope.js';
import type { ProgramPlan } from './plan.js';

/** The program that every run is of; its words are in its own head. */
export const PRINTER = fileURLToPath(new URL('./printer.js', import.meta.url));

/** One run of a program under a sidecar: one source. */
export interface ProgramRun {
  /** Its index among all runs, which its lines tell. */
  readonly id: number;
  readonly plan: ProgramPlan;
  readonly part: Part;
  readonly startedAt: number;
  /** Undefined while it runs. */
  endedAt: number | undefined;
  /** How long it took its leave once the program had printed its last line, ms; 0 while it runs. */
  leave: number;
  wasKilled: boolean;
  /** Whole lines that were taken from the program so far. */
  printed(): number;
}

/** Starts programs under sidecars and remembers all that ever ran. */
export class ProgramRuns {
  readonly all: ProgramRun[] = [];
  readonly #scope: Scope;
  readonly #folder: string;

  /** @param folder for the files in which programs keep their counts */
  constructor(scope: Scope, folder: string) {
    this.#scope = scope;
    this.#folder = folder;
  }

  /** @param publish its consolidator's endpoint */
  start(plan: ProgramPlan, publish: string, lines: number, options: PartOptions = {}): ProgramRun {
    const id = this.all.length;
    const file = join(this.#folder, `run-${id}`);
    const command = [process.execPath, PRINTER, String(id), String(lines), String(plan.rate), file];
    const queue = ['--hwm', String(plan.hwm), '--overflow', plan.overflow];
    const args = ['sidecar', ...plan.who, '--to', publish, ...queue, '--no-passthrough', '--', ...command];
    const part = startPart(this.#scope, args, options);
    const run: ProgramRun = {
      id,
      plan,
      part,
      startedAt: performance.now(),
      endedAt: undefined,
      leave: 0,
      wasKilled: false,
      printed: () => readCount(file),
    };
    void part.exited.then(() => {
      run.endedAt = performance.now();
      run.leave = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    });
    this.all.push(run);
    return run;
  }

  /** Lines that all programs printed so far. */
  printed(): number {
    return this.all.reduce((sum, run) => sum + run.printed(), 0);
  }
}

/** What a program wrote into its file; 0 for one that was not yet there, or never. */
export function readCount(file: string): number {
  try {
    return Number(readFileSync(file, 'latin1'));
  } catch {
    return 0;
  }
}

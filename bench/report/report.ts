import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../cli/errors.js';
import type { RunResult } from '../lib/results.js';
import { reportMarkdown } from './markdown.js';
import { reportPage } from './page.js';

/** Writes the page of a run beside its JSON. Answers its path. */
export function writeReport(json: string): string {
  const path = json.replace(/(\.json)?$/, '.html');
  writeFileSync(path, reportPage(readRun(json)));
  return path;
}

/** `npm run bench -- report [--markdown] [<file>]`: of the newest run where none is named. */
export function runReport(words: readonly string[], results: string): number {
  const markdown = words.includes('--markdown');
  const [file = newest(results), ...more] = words.filter((word) => word !== '--markdown');
  if (more.length > 0 || file.startsWith('-')) {
    throw new UsageError('report takes --markdown and at most one file', 'unknown-command');
  }
  process.stdout.write(markdown ? reportMarkdown(readRun(file)) : `${writeReport(file)}\n`);
  return 0;
}

function newest(results: string): string {
  const names = listed(results).filter((name) => /^\d{4}-.*\.json$/.test(name));
  const last = names.toSorted().at(-1);
  if (last === undefined) {
    throw new UsageError(`there is no run in ${results} yet: npm run bench`, 'unknown-command');
  }
  return join(results, last);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRun(file: string): RunResult {
  let run: RunResult;
  try {
    run = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
  } catch (cause) {
    throw new UsageError(`${file} is no run that can be read: ${String(cause)}`, 'unknown-command');
  }
  if (run.v !== 1) throw new UsageError(`${file} is not of version 1`, 'unknown-command');
  return run;
}

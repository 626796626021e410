import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../cli/errors.js';
import { BenchError } from '../lib/errors.js';
import { BIN } from '../lib/parts.js';
import type { RunResult } from '../lib/results.js';
import type { Figure } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { formatNumber, labelOf, table } from '../lib/table.js';
import { progress } from '../lib/terminal.js';
import { ratiosOf, type Pair, type Ratio } from './ratios.js';
import { buildTree, commitOf } from './tree.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** What `compare <ref>` runs where nothing else is asked for. */
const DEFAULT_SCENARIOS = ['throughput', 'latency', 'fanout'] as const;
const DEFAULT_PAIRS = 3;

/**
 * `npm run bench -- compare <git ref> [<scenario> [options]] [--pairs <n>]`: the parts of this tree against those of
 * another, under the same harness, this one. By turns, each time fresh processes; which goes first changes each time.
 */
export async function runCompare(words: readonly string[], known: readonly string[]): Promise<number> {
  const { pairs, rest } = takePairs(words);
  const [ref, scenario, ...options] = rest;
  if (ref === undefined || ref.startsWith('-')) {
    throw new UsageError('compare needs a git ref: npm run bench -- compare HEAD~1 throughput', 'bad-value');
  }
  if (scenario !== undefined && !known.includes(scenario)) {
    throw new UsageError(
      `there is no scenario ${scenario}; there are ${known.join(', ')}`,
      'unknown-command',
    );
  }
  return withScope(async (scope) => {
    const commit = await commitOf(ref);
    progress(`building ${ref}`);
    const other = await buildTree(scope, commit);
    const results = mkdtempSync(join(tmpdir(), 'spillway-compare-'));
    scope.defer(async () => rmSync(results, { recursive: true, force: true }));
    for (const name of scenario === undefined ? DEFAULT_SCENARIOS : [scenario]) {
      const taken: Pair[] = [];
      for (let i = 0; i < pairs; i += 1) {
        const sides: Record<'here' | 'there', readonly Figure[]> = { here: [], there: [] };
        for (const side of i % 2 === 0 ? (['here', 'there'] as const) : (['there', 'here'] as const)) {
          progress(`${name}: pair ${i + 1} of ${pairs}, ${side === 'here' ? 'this tree' : ref}`);
          const folder = join(results, `${name}-${i}-${side}`);
          sides[side] = await measure([name, ...options], folder, side === 'here' ? BIN : other);
        }
        taken.push(sides);
      }
      progress('');
      process.stdout.write(
        `\n${name}: this tree by ${ref}, ${pairs} pairs\n\n${ratioTable(ratiosOf(taken), ref)}\n`,
      );
    }
    return 0;
  });
}

async function measure(words: readonly string[], results: string, bin: string): Promise<readonly Figure[]> {
  const child = spawn(process.execPath, [MAIN, ...words, '--results', results], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BENCH_BIN: bin },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 2) throw new UsageError(/^bench: (.+?); see/m.exec(said)?.[1] ?? said, 'bad-value');
  if (code !== 0) throw new BenchError('part', `${words.join(' ')} with ${bin} ended with ${code}:\n${said}`);
  const file = readdirSync(results).find((name) => name.endsWith('.json')) ?? '';
  const run = JSON.parse(readFileSync(join(results, file), 'utf8')) as RunResult;
  return run.scenarios[0]?.outcome?.figures ?? [];
}

function ratioTable(ratios: readonly Ratio[], ref: string): string {
  return table([
    ['', 'this tree', ref, 'ratio', 'low', 'high', 'unit'],
    ...ratios.map(({ figure, here, there, ratio }) => [
      labelOf(figure),
      formatNumber(here),
      formatNumber(there),
      ...[ratio.median, ratio.low, ratio.high].map((value) => value.toFixed(3)),
      figure.unit,
    ]),
  ]);
}

function takePairs(words: readonly string[]): { pairs: number; rest: string[] } {
  const rest = [...words];
  const at = rest.indexOf('--pairs');
  if (at === -1) return { pairs: DEFAULT_PAIRS, rest };
  const [, value] = rest.splice(at, 2);
  const pairs = Number(value);
  if (!Number.isInteger(pairs) || pairs < 1)
    throw new UsageError('--pairs needs a whole number above 0', 'bad-value');
  return { pairs, rest };
}

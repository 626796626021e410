import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { SYSLOG_NG, SYSLOG_NG_SETUP, startSyslogNg } from '../../collectors/syslog-ng.js';
import { startBeacon } from '../../lib/beacon.js';
import { BenchError } from '../../lib/errors.js';
import { LINE_KINDS, type LineKind } from '../../lib/lines.js';
import { figureOf, runRounds } from '../../lib/rounds.js';
import type { Bench } from '../../lib/scenario.js';
import { withScope } from '../../lib/scope.js';
import { PRINTER } from '../../lib/sidecars.js';
import { Watch, type Use } from '../../lib/usage.js';
import type { LinesResult } from './lines.js';

const TIMEOUT_MS = 60_000;
const MIB = 2 ** 20;

/** What is said of it beside the figures. */
export interface CollectorResult extends LinesResult {
  readonly setup: readonly string[];
  readonly notes: readonly string[];
}

/** The same lines through a collector that a distribution has, where it is installed. */
export async function measureCollector(
  lines: number,
  rounds: number,
  bench: Bench,
): Promise<CollectorResult> {
  if (!SYSLOG_NG.isHere()) {
    const note = `${SYSLOG_NG.name} is not here; install it with: ${SYSLOG_NG.install}`;
    return { setup: [], figures: [], use: {}, notes: [note] };
  }
  const results: LinesResult[] = [];
  for (const kind of LINE_KINDS) results.push(await measure(kind, lines, rounds, bench));
  return {
    setup: [`syslog-ng: the same program prints ${lines} lines into a pipe`, ...SYSLOG_NG_SETUP],
    figures: results.flatMap(({ figures }) => figures),
    use: Object.assign({}, ...results.map(({ use }) => use)) as Record<string, Use>,
    notes: [],
  };
}

function measure(kind: LineKind, lines: number, rounds: number, bench: Bench): Promise<LinesResult> {
  return withScope(async (scope) => {
    const collector = await startSyslogNg(scope, kind);
    const beacon = await startBeacon(scope);
    const process = `syslog-ng, ${kind}`;
    let use: Record<string, Use> = {};
    const samples = await runRounds(rounds, async (round) => {
      bench.progress(
        `${kind} lines, syslog-ng, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`,
      );
      await collector.drain.call('reset');
      const program = startProgram(collector.pipe, lines, kind, beacon.port);
      const { print, release } = await beacon.next();
      const watch = new Watch({ [process]: collector.pid }).start();
      const { began } = await print();
      const drained = await collector.drain.call('until', { total: lines, timeout: TIMEOUT_MS });
      use = watch.stop();
      release();
      await once(program, 'close');
      if (drained.lines !== lines) {
        throw new BenchError('part', `syslog-ng sent ${drained.lines} of ${lines} ${kind} lines`);
      }
      return {
        perCore: lines / (use[process]?.cpuSeconds || Infinity),
        rate: lines / ((drained.lastAt - began) / 1e6),
        memory: (use[process]?.rssPeak ?? 0) / MIB,
      };
    });
    const at = { collector: 'syslog-ng', lines: kind };
    return {
      figures: [
        figureOf(samples, 'perCore', 'lines/s a core', { what: 'by CPU time of the collector', at }),
        figureOf(samples, 'rate', 'lines/s', { what: 'by the clock', at }),
        figureOf(samples, 'memory', 'MiB', { what: 'most resident memory', at }),
      ],
      use,
    };
  });
}

/** The program that a sidecar has in the other rounds, with the pipe as its standard output. */
function startProgram(pipe: string, lines: number, kind: LineKind, beacon: number) {
  const output = openSync(pipe, 'w');
  const program = spawn(process.execPath, [PRINTER, 'flood', String(lines), kind], {
    stdio: ['ignore', output, 'inherit'],
    env: { ...process.env, BENCH_BEACON: String(beacon) },
  });
  closeSync(output);
  return program;
}

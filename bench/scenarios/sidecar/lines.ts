import { checkLaw } from '../../lib/account.js';
import { LINE_KINDS, type LineKind } from '../../lib/lines.js';
import { figureOf, runRounds } from '../../lib/rounds.js';
import type { Bench, Figure, Target } from '../../lib/scenario.js';
import { withScope } from '../../lib/scope.js';
import { startSidecarAlone } from '../../lib/sidecar-alone.js';
import { Watch, type Use } from '../../lib/usage.js';

const TIMEOUT_MS = 60_000;

const TARGETS: Readonly<Record<LineKind, Target>> = {
  plain: { atLeast: 1_000_000 },
  json: { atLeast: 300_000 },
};

export interface LinesResult {
  readonly figures: readonly Figure[];
  readonly use: Readonly<Record<string, Use>>;
}

/** Lines of each kind, read to the last, and plain lines that nobody reads. */
export async function measureLines(lines: number, rounds: number, bench: Bench): Promise<LinesResult> {
  const figures: Figure[] = [];
  let use: Readonly<Record<string, Use>> = {};
  for (const kind of LINE_KINDS) {
    const measured = await measureRead(kind, lines, rounds, bench);
    figures.push(...measured.figures);
    use = { ...use, ...measured.use };
  }
  const unread = await measureUnread(lines, rounds, bench);
  return { figures: [...figures, ...unread.figures], use: { ...use, ...unread.use } };
}

function measureRead(kind: LineKind, lines: number, rounds: number, bench: Bench): Promise<LinesResult> {
  return withScope(async (scope) => {
    const alone = await startSidecarAlone(scope, 'reading', { profile: bench.profile });
    let use: Record<string, Use> = {};
    const samples = await runRounds(rounds, async (round) => {
      bench.progress(`${kind} lines, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
      await alone.drain.call('reset');
      const program = await alone.run({ how: 'flood', lines, kind }, ['--overflow', 'block']);
      const watch = new Watch({ [`sidecar, ${kind}`]: program.pid, drain: alone.drain.pid }).start();
      const { began } = await program.print();
      const drained = await alone.drain.call('until', { total: lines, timeout: TIMEOUT_MS });
      use = watch.stop();
      program.release();
      await program.ended;
      checkLaw(`${lines} ${kind} lines`, [{ received: drained.records, dropped: drained.lost }], () => lines);
      return {
        rate: lines / ((drained.lastAt - began) / 1e6),
        perCore: lines / (use[`sidecar, ${kind}`]?.cpuSeconds || Infinity),
      };
    });
    const at = { lines: kind };
    return {
      figures: [
        figureOf(samples, 'perCore', 'lines/s a core', {
          what: 'by CPU time of the sidecar',
          at,
          target: TARGETS[kind],
        }),
        figureOf(samples, 'rate', 'lines/s', { what: 'by the clock', at }),
      ],
      use,
    };
  });
}

function measureUnread(lines: number, rounds: number, bench: Bench): Promise<LinesResult> {
  return withScope(async (scope) => {
    const alone = await startSidecarAlone(scope, 'unread', { profile: bench.profile });
    let use: Record<string, Use> = {};
    const samples = await runRounds(rounds, async (round) => {
      bench.progress(`plain lines that nobody reads, ${round === 0 ? 'warming up' : `round ${round}`}`);
      const program = await alone.run({ how: 'flood', lines, kind: 'plain' }, []);
      const watch = new Watch({ 'sidecar, unread': program.pid }).start();
      const { began, ended } = await program.print();
      use = watch.stop();
      program.release();
      await program.ended;
      const drained = await alone.drain.call('counts');
      checkLaw('what nobody asked for', [{ received: drained.records, dropped: drained.lost }], () => 0);
      return {
        rate: lines / ((ended - began) / 1e6),
        perCore: lines / (use['sidecar, unread']?.cpuSeconds || Infinity),
      };
    });
    const at = { lines: 'plain, unread' };
    return {
      figures: [
        figureOf(samples, 'perCore', 'lines/s a core', { what: 'by CPU time of the sidecar', at }),
        figureOf(samples, 'rate', 'lines/s', { what: 'by the clock', at }),
      ],
      use,
    };
  });
}

// Question: how many lines a second can one container print into one reader, when nothing is dropped?
//
// Timed: from the first line that the program prints to the arrival of the last event at the reader. The sidecar's policy is
// `block`, so the program is held up where the path is slower than it, and the reader's buffer is a million records: every
// line arrives. All of it, the program and the reader included, runs on this machine's cores.
import { LINE_KINDS } from '../lib/lines.js';
import { figureOf, runRounds } from '../lib/rounds.js';
import { defineScenario, ROUNDS } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { Watch, type Use } from '../lib/usage.js';
import { startWholePath } from '../lib/whole-path.js';

export const throughput = defineScenario({
  name: 'throughput',
  summary: "from a container's stdout to a reader, as fast as it goes",
  question: "How many lines a second go from a container's stdout to a reader when nothing is dropped?",
  options: {
    lines: { type: 'integer', default: 1_000_000, min: 1, unit: 'lines', help: 'what the program prints' },
    kind: { type: 'choice', choices: LINE_KINDS, default: 'plain', help: 'what the lines look like' },
    rounds: ROUNDS,
  },
  run({ lines, kind, rounds }, bench) {
    return withScope(async (scope) => {
      const path = await startWholePath(scope, { profile: bench.profile });
      let printed = 0;
      let use: Record<string, Use> = {};
      const samples = await runRounds(rounds, async (round) => {
        bench.progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
        const program = await path.run({ how: 'flood', lines, kind }, ['--overflow', 'block']);
        const watch = new Watch({ sidecar: program.pid, ...path.processes }).start();
        const before = await path.audience.totals();
        const signal = await program.print();
        printed += signal.lines;
        const { lastAt } = await path.audience.arrival(printed);
        use = watch.stop();
        program.release();
        await program.ended;
        await path.audience.check(`${lines} lines`, printed);
        const after = await path.audience.totals();
        const micros = (name: string) => ((use[name]?.cpuSeconds ?? 0) / lines) * 1e6;
        return {
          rate: lines / ((lastAt - signal.began) / 1e6),
          dropped: after.dropped - before.dropped,
          sidecar: micros('sidecar'),
          consolidator: micros('consolidator'),
          relay: micros('relay'),
          readers: micros('readers'),
        };
      });
      return {
        setup: [
          `a program under a sidecar prints ${lines} ${kind} lines as fast as they are taken (--overflow block)`,
          'consolidator without a limit for one topic, relay, one SSE consumer with a buffer of a million records',
        ],
        figures: [
          figureOf(samples, 'rate', 'lines/s', { what: 'stdout to SSE', target: { atLeast: 300_000 } }),
          figureOf(samples, 'dropped', 'records', { target: { atMost: 0 } }),
          ...(['sidecar', 'consolidator', 'relay', 'readers'] as const).map((part) =>
            figureOf(samples, part, 'µs a line', { what: 'CPU', at: { part } }),
          ),
        ],
        processes: use,
      };
    });
  },
});

// Question: how long after a container printed a line does a reader have it?
//
// Timed: from the moment that the program writes into the line, right before it prints it, to the moment that the reader's
// process finds the line's event in what it read: sidecar, consolidator, relay, kernel and both ends' scheduling. A line that
// the program prints late is stamped late: this is the latency of lines that were printed, not of lines that were due.
import { setTimeout as sleep } from 'node:timers/promises';
import { defineScenario, ROUNDS, type Bench, type Figure, type Target } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import type { LatencySummary } from '../lib/statistics.js';
import { formatNumber } from '../lib/table.js';
import { Watch, type Use } from '../lib/usage.js';
import { startWholePath, type WholePath } from '../lib/whole-path.js';

/** What DESIGN §13 asks for, ms. */
const TARGET_RATE = 10_000;
const TARGETS: Readonly<Record<string, Target>> = { p50: { atMost: 2 }, p99: { atMost: 10 } };

const POLL_MS = 5;

export const latency = defineScenario({
  name: 'latency',
  summary: "from a container's stdout to a reader, at several rates",
  question: 'How long after it was printed does a reader have a line?',
  options: {
    rates: {
      type: 'list',
      default: '10,1000,10000,50000',
      help: 'lines/s; 10 is what a quiet container prints, a line every 100 ms',
    },
    seconds: { type: 'integer', default: 3, min: 1, unit: 's', help: 'length of a load that is measured' },
    warm: { type: 'integer', default: 1, unit: 's', help: 'length of its beginning that is not' },
    rounds: ROUNDS,
  },
  inAll: ['--rounds', '2'],
  async run({ rates, seconds, warm, rounds }, bench) {
    const figures: Figure[] = [];
    let processes: Readonly<Record<string, Use>> = {};
    for (const rate of rates.map(Number)) {
      const measured = await measure({ rate, seconds, warm, rounds }, bench);
      processes = measured.processes;
      for (const key of ['p50', 'p99', 'p999', 'max'] as const) {
        const target = rate === TARGET_RATE ? TARGETS[key] : undefined;
        figures.push({
          what: `stdout to SSE, ${NAMES[key]}`,
          unit: 'ms',
          at: { 'lines/s': rate },
          samples: measured.latencies.map((latency) => latency[key] / 1e3),
          ...(target && { target }),
        });
      }
    }
    return {
      setup: [
        'a program under a sidecar prints lines of 83 bytes at an even rate; consolidator, relay, one SSE consumer',
        `${rounds} runs of ${seconds} s at each rate, each with a sidecar of its own, after ${warm} s that do not count`,
      ],
      figures,
      processes,
      notes: [`CPU and memory are those of the last rate, ${formatNumber(Number(rates.at(-1)))} lines/s.`],
    };
  },
});

const NAMES = { p50: 'p50', p99: 'p99', p999: 'p99.9', max: 'longest' } as const;

interface Load {
  readonly rate: number;
  readonly seconds: number;
  readonly warm: number;
  readonly rounds: number;
}

function measure({ rate, seconds, warm, rounds }: Load, bench: Bench) {
  return withScope(async (scope) => {
    const path = await startWholePath(scope, { profile: bench.profile });
    const latencies: LatencySummary[] = [];
    let use: Record<string, Use> = {};
    let printed = 0;
    for (let round = 1; round <= rounds; round += 1) {
      bench.progress(`${formatNumber(rate)} lines/s, round ${round} of ${rounds}`);
      const program = await path.run({ how: 'paced', lines: rate * (warm + seconds), rate });
      const watch = new Watch({ sidecar: program.pid, ...path.processes }).start();
      const printing = program.print();
      await untilReceived(path, printed + rate * warm);
      await path.audience.takeLatencies();
      printed += (await printing).lines;
      await path.audience.arrival(printed);
      latencies.push(await path.audience.takeLatencies());
      use = watch.stop();
      program.release();
      await program.ended;
      await path.audience.check(`${rate} lines/s`, printed);
    }
    return { latencies, processes: use };
  });
}

async function untilReceived({ audience }: WholePath, records: number): Promise<void> {
  for (;;) {
    const totals = await audience.totals();
    if (totals.records + totals.dropped >= records) return;
    await sleep(POLL_MS);
  }
}

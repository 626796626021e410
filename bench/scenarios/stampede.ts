// Question: a relay has died, and all its readers come to this one at once and go on where they were: how long until all of
// them are live again, what does it take, and what do those notice who were here before?
//
// Timed: from the first connection to the arrival, at the last of them, of the last record that they had missed; by the
// machine's monotonic clock. All connections are opened at once, without the spread that a relay asks its readers for.
// One reader was there before: its latency, publish to arrival, is taken while nothing happens and while they come.
import { Audience } from '../lib/audience.js';
import { nowMicros } from '../lib/clock.js';
import { BenchError } from '../lib/errors.js';
import { requireConnections } from '../lib/machine.js';
import { CONSUMERS, defineScenario, RECORD_BYTES } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { throughConsolidator, type RunningTarget } from '../lib/target.js';
import { checkRun } from '../lib/trial.js';
import { Watch } from '../lib/usage.js';

const MIB = 2 ** 20;

/** Records in a message. */
const BATCH = 5;

export const stampede = defineScenario({
  name: 'stampede',
  summary: 'all readers of a relay that died resume at once at another',
  question: 'How long until 1,000 readers that resume at once are live again, and who notices?',
  options: {
    consumers: CONSUMERS,
    rate: {
      type: 'integer',
      default: 1000,
      min: 1,
      unit: 'records/s',
      help: 'what is published all the time',
    },
    away: { type: 'integer', default: 3, min: 1, unit: 's', help: 'how long they have been away' },
    seconds: {
      type: 'integer',
      default: 6,
      min: 2,
      unit: 's',
      help: 'how long is published while they come',
    },
    rounds: { type: 'integer', default: 3, min: 1, help: 'stampedes, each on parts of its own' },
    recordBytes: RECORD_BYTES,
  },
  async run(values, bench) {
    const { consumers, rate, away, seconds, rounds, recordBytes: bytes } = values;
    requireConnections(consumers);
    const load = (seconds: number) => ({ rate, seconds, batch: BATCH, bytes });

    const round = (place: string) =>
      withScope(async (scope) => {
        const target = await throughConsolidator.start(scope, { part: { profile: bench.profile } });
        const audience = new Audience(scope);
        await audience.join(target, 1, { sampleEvery: 1 });
        await target.greet();
        bench.progress(`${place}: before they were cut`);
        let { total } = await target.publish(load(1));
        await audience.arrival(total);
        const position = await positionOf(target);
        const seen = total;

        bench.progress(`${place}: while they are away`);
        await audience.takeLatencies();
        ({ total } = await target.publish(load(away)));
        await audience.arrival(total);
        const before = await audience.takeLatencies();
        const missed = total;

        bench.progress(`${place}: they come`);
        const watch = new Watch<string>({ ...target.processes, readers: audience.pid }).start();
        const publishing = target.publish(load(seconds));
        const began = nowMicros();
        const path = `${target.path}?lastEventId=${position}`;
        await audience.join({ port: target.port, path }, consumers, { published: seen });
        const opened = nowMicros();
        const caughtUp = await audience.arrival(missed);
        ({ total } = await publishing);
        await audience.arrival(total);
        const during = await audience.takeLatencies();
        const use = watch.stop();
        if (!caughtUp.complete) throw new BenchError('law', 'not every reader has got what it had missed');
        const counts = await checkRun(target, audience, total);
        return {
          opened: (opened - began) / 1e3,
          live: (caughtUp.lastAt - began) / 1e3,
          dropped: counts.reduce((sum, { dropped }) => sum + dropped, 0),
          p50Before: before.p50 / 1e3,
          p50: during.p50 / 1e3,
          p99Before: before.p99 / 1e3,
          p99: during.p99 / 1e3,
          relay: growthOf(use['relay']),
          consolidator: growthOf(use['consolidator']),
          use,
        };
      });

    const samples: Awaited<ReturnType<typeof round>>[] = [];
    for (let i = 1; i <= rounds; i += 1) samples.push(await round(`stampede ${i} of ${rounds}`));
    const figure = (what: string, unit: string, of: Exclude<keyof (typeof samples)[number], 'use'>) => ({
      what,
      unit,
      samples: samples.map((sample) => sample[of]),
    });
    return {
      setup: [
        throughConsolidator.setup,
        `${consumers} readers have been away for ${away} s at ${rate} records/s, and come at once; publishing goes on`,
      ],
      figures: [
        figure('until all are connected', 'ms', 'opened'),
        figure('until all have what they had missed', 'ms', 'live'),
        { ...figure('dropped, and told', 'records', 'dropped'), target: { atMost: 0 } },
        figure('p50 of who was there, before', 'ms', 'p50Before'),
        figure('p50 of who was there, while they come', 'ms', 'p50'),
        figure('p99 of who was there, before', 'ms', 'p99Before'),
        figure('p99 of who was there, while they come', 'ms', 'p99'),
        figure("growth of the relay's memory, at its peak", 'MiB', 'relay'),
        figure("growth of the consolidator's memory, at its peak", 'MiB', 'consolidator'),
      ],
      processes: samples.at(-1)?.use ?? {},
    };
  },
});

function growthOf(use: { rssStart: number; rssPeak: number } | undefined): number {
  return use === undefined ? 0 : (use.rssPeak - use.rssStart) / MIB;
}

/** The position behind everything so far, as a reader is given it. */
async function positionOf({ port, path }: RunningTarget): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}?tail=0`, {
    headers: { accept: 'text/event-stream' },
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const [, id] = /^id: (\S+)$/m.exec(text) ?? [];
    // Leaving the loop closes the connection.
    if (id !== undefined) return id;
  }
  throw new BenchError('part', 'the relay gave no position');
}

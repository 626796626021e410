// Question: does a relay grow while readers come and leave?
//
// Measured: its resident memory after each of several equal shares of the visits, when nobody is there any more and it has
// settled; the first share warms it up. Records are published all the while, and the visitors ask for many streams in
// several formats, with filters and pasts, so that hubs, views, joins and sockets all come and go.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumersPage } from '../../relay/consumers-route.js';
import { BenchError } from '../lib/errors.js';
import { startConsolidator, startRelay } from '../lib/parts.js';
import { defineScenario } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { TOPIC } from '../lib/sidecars.js';
import { residentBytes, Watch } from '../lib/usage.js';
import { startWorker } from '../lib/worker.js';
import type { ComerMethods, Visited } from '../workers/comers.js';
import type { GeneratorMethods } from '../workers/generator.js';

const MIB = 2 ** 20;

export const churn = defineScenario({
  name: 'churn',
  summary: 'readers come and leave without end: what stays behind',
  question: 'Does a relay grow while readers come and leave?',
  options: {
    visits: { type: 'integer', default: 100_000, min: 10, help: 'readers that come and leave' },
    shares: {
      type: 'integer',
      default: 5,
      min: 2,
      help: 'memory is read after each of so many equal shares',
    },
    atOnce: { type: 'integer', default: 100, min: 1, help: 'readers at a time' },
    streams: { type: 'integer', default: 200, min: 1, help: 'streams that they ask for by turns' },
    stay: { type: 'integer', default: 40, min: 0, unit: 'ms', help: 'longest stay' },
    rate: {
      type: 'integer',
      default: 1_000,
      min: 1,
      unit: 'records/s',
      help: 'what is published all the while',
    },
    settle: { type: 'integer', default: 3, unit: 's', help: 'wait before memory is read' },
  },
  inAll: ['--visits', '10000', '--settle', '1'],
  run: ({ visits, shares, atOnce, streams, stay, rate, settle }, bench) =>
    withScope(async (scope) => {
      const part = { profile: bench.profile };
      const consolidator = await startConsolidator(scope, part);
      const relay = await startRelay(scope, consolidator.from, [], part);
      const generator = startWorker<GeneratorMethods>(scope, 'generator');
      await generator.call('start', { topic: TOPIC, connect: consolidator.publish });
      const comers = startWorker<ComerMethods>(scope, 'comers');
      const own = `/v1/logs/${TOPIC.slice(0, -1)}`;
      const paths = Array.from({ length: streams }, (_, i) =>
        i % 2 === 0 ? own : `/v1/logs/tenant/visited-${i}`,
      );
      const over = new AbortController();
      const publishing = (async () => {
        while (!over.signal.aborted) await generator.call('run', { rate, seconds: 1, batch: 1, bytes: 220 });
      })();
      const watch = new Watch<string>({
        relay: relay.pid,
        consolidator: consolidator.pid,
        readers: comers.pid,
      }).start();
      const resident: number[] = [];
      const rates: number[] = [];
      const each = Math.ceil(visits / shares);
      for (let share = 1; share <= shares; share += 1) {
        bench.progress(`${share * each} of ${visits} have come and left`);
        const seen: Visited = await comers.call('visit', {
          port: relay.port,
          visits: each,
          atOnce,
          paths,
          stay,
        });
        if (seen.answered < each) {
          throw new BenchError(
            'law',
            `${each - seen.answered} of ${each} readers were not answered with a stream.`,
          );
        }
        rates.push(each / seen.seconds);
        await sleep(settle * 1000);
        const { total } = (await (await fetch(`${relay.url}/v1/consumers`)).json()) as ConsumersPage;
        if (total > 0)
          throw new BenchError(
            'law',
            `${total} readers are still listed ${settle} s after the last has left.`,
          );
        resident.push(residentBytes(relay.pid));
      }
      over.abort();
      await publishing;
      const grown = ((resident.at(-1) as number) - (resident[0] as number)) / (each * (shares - 1));
      return {
        setup: [
          `${visits} readers, ${atOnce} at a time, of ${streams} streams by turns in three formats, with filters and pasts; they stay up to ${stay} ms and leave by FIN or RST`,
          `${rate} records/s are published to half of them; memory is read ${settle} s after the last of a share has left`,
        ],
        figures: [
          ...resident.map((bytes, i) => ({
            what: 'resident memory of the relay, nobody there',
            unit: 'MiB',
            at: { visits: (i + 1) * each },
            samples: [bytes / MIB],
          })),
          {
            what: 'growth after the first share, by visit',
            unit: 'bytes',
            samples: [grown],
            target: { atMost: 100 },
          },
          { what: 'readers that came and left', unit: 'a second', samples: rates },
        ],
        processes: watch.stop(),
      };
    }),
});

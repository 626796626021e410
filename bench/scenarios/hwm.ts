// Question: how much does a consumer lose that reads slower than the container prints, and what does a larger buffer help?
//
// Counted: what a consumer received and what it was told is missing, of what was published while it was there; no time is
// measured. A consumer's speed is held by its reader, which takes so many bytes a second from the socket; between it and
// the relay's buffer stand the kernel's socket buffers, as they do for everybody. All three dimensions multiply.
import { Audience } from '../lib/audience.js';
import { numbersOf } from '../lib/numbers.js';
import { defineScenario, RECORD_BYTES, type Figure } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { formatNumber } from '../lib/table.js';
import { relayAlone } from '../lib/target.js';
import { Watch, type Use } from '../lib/usage.js';

const BATCH = 10;

export const hwm = defineScenario({
  name: 'hwm',
  summary: 'share of records dropped, by buffer, rate of the producer and speed of the consumer',
  question: 'How much does a slow consumer lose, and how much larger must its buffer be to lose less?',
  options: {
    hwms: { type: 'list', default: '100,1000,10000', help: "buffers to try, each consumer's, in records" },
    rates: { type: 'list', default: '2000,8000,16000', help: 'records/s to publish' },
    speeds: { type: 'list', default: '1000,4000,16000', help: 'records/s that a consumer reads' },
    seconds: { type: 'integer', default: 6, min: 1, unit: 's', help: 'length of a load' },
    recordBytes: {
      ...RECORD_BYTES,
      default: 1000,
    },
  },
  async run({ hwms, rates, speeds, seconds, recordBytes: bytes }, bench) {
    const buffers = numbersOf('hwms', hwms);
    const paces = numbersOf('speeds', speeds);
    const figures: Figure[] = [];
    let processes: Readonly<Record<string, Use>> = {};
    for (const rate of numbersOf('rates', rates)) {
      bench.progress(`${formatNumber(rate)} records/s to ${buffers.length * paces.length} consumers`);
      const cases = buffers.flatMap((hwm) => paces.map((speed) => ({ hwm, speed })));
      const measured = await withScope(async (scope) => {
        const target = await relayAlone.start(scope, { part: { profile: bench.profile } });
        const audience = new Audience(scope);
        for (const { hwm, speed } of cases) {
          const where = { port: target.port, path: `${target.path}?hwm=${hwm}` };
          await audience.join(where, 1, { bytesPerSecond: speed * (bytes + FRAME_BYTES) });
        }
        await target.greet();
        const watch = new Watch<string>({ ...target.processes, readers: audience.pid }).start();
        const { total } = await target.publish({ rate, seconds, batch: BATCH, bytes });
        await audience.unpace();
        await audience.arrival(total);
        processes = watch.stop();
        const counts = await audience.check(`${rate} records/s`, total);
        return counts.map(({ dropped }) => (dropped / total) * 100);
      });
      for (const [i, { hwm, speed }] of cases.entries()) {
        const at = { hwm, 'records/s printed': rate, 'records/s read': speed };
        figures.push({ what: 'dropped, and told', unit: '%', at, samples: [measured[i] as number] });
      }
    }
    return {
      setup: [
        relayAlone.setup,
        `loads of ${seconds} s, records of ${bytes} bytes; a consumer for each buffer and speed, all at once on one relay; each reads out what is left at the end`,
      ],
      figures,
      processes,
      notes: [
        'The socket buffers of the kernel stand before the relay’s: a short load may end before they are full.',
      ],
    };
  },
});

/** What SSE adds to a record, about: `id: …`, `data: `, line ends. */
const FRAME_BYTES = 40;

// Question: do consumers that stop reading harm those that read?
//
// Timed: from the stamp that the generator puts into a record when it publishes it to the record's arrival, at a sample of
// the consumers that read on; all of a sampled consumer's records count. Loads without a stall and with one alternate with
// nothing else changed: half of the free loads come before the stall and half after. Between stall and measurement there is
// a time in which the kernel's buffers of the stalled connections fill, since only then does the relay feel them.
import { Audience } from '../lib/audience.js';
import { requireConnections } from '../lib/machine.js';
import { CONSUMERS, defineScenario, RECORD_BYTES, ROUNDS } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { summarize, type LatencySummary } from '../lib/statistics.js';
import { relayAlone } from '../lib/target.js';
import type { Load } from '../workers/generator.js';
import { checkRun } from '../lib/trial.js';
import { residentBytes, Watch } from '../lib/usage.js';

const MIB = 2 ** 20;

/** Latencies are taken from so many consumers. */
const SAMPLED = 50;

/** Size of the records that fill buffers. */
const FILL_BYTES = 2_000;

export const isolation = defineScenario({
  name: 'isolation',
  summary: 'one consumer in five stops reading: what the others notice',
  question: 'Do the other consumers lose records or time when one in five stops reading?',
  options: {
    consumers: CONSUMERS,
    stalled: { type: 'integer', default: 200, min: 1, help: 'how many of them stop reading' },
    rate: { type: 'integer', default: 500, min: 1, unit: 'records/s', help: 'what is published' },
    seconds: { type: 'integer', default: 2, min: 1, unit: 's', help: 'length of a load' },
    fill: {
      type: 'integer',
      default: 12,
      unit: 's',
      help: "time for the stalled connections' buffers to fill",
    },
    hwm: { type: 'integer', default: 1000, min: 1, unit: 'records', help: "each consumer's buffer" },
    rounds: ROUNDS,
    recordBytes: RECORD_BYTES,
  },
  run(values, bench) {
    const { consumers, stalled, rate, seconds, fill, hwm, rounds, recordBytes: bytes } = values;
    requireConnections(consumers);
    const reading = Math.max(1, consumers - stalled);
    return withScope(async (scope) => {
      const target = await relayAlone.start(scope, { part: { profile: bench.profile } });
      const audience = new Audience(scope);
      const where = { port: target.port, path: `${target.path}?hwm=${hwm}` };
      await audience.join(where, reading, { sampleEvery: Math.max(1, Math.floor(reading / SAMPLED)) });
      await audience.join(where, consumers - reading);
      await target.greet();
      const watch = new Watch<string>({ ...target.processes, readers: audience.pid });

      let published = 0;
      const load: Load = { rate, seconds, batch: 1, bytes };
      const offer = async (wanted = load): Promise<LatencySummary> => {
        await audience.takeLatencies();
        published = (await target.publish(wanted)).total;
        await audience.arrivalOf(reading, published);
        return audience.takeLatencies();
      };
      /** Larger records until the relay has had to drop for each of the stalled: from then on it feels them all. */
      const fillBuffers = async () => {
        for (let passed = 0; passed < fill; passed += 1) {
          bench.progress(`the buffers of the stalled fill, ${passed} s`);
          await offer({ ...load, seconds: 1, bytes: FILL_BYTES });
          const rows = await target.account?.();
          if (rows !== undefined && rows.filter(({ dropped }) => dropped > 0).length >= stalled) return;
        }
      };
      const several = async (count: number, what: string) => {
        const taken: LatencySummary[] = [];
        for (let i = 1; i <= count; i += 1) {
          bench.progress(`${what}, load ${i} of ${count}`);
          taken.push(await offer());
        }
        return taken;
      };

      bench.progress('warming up');
      await offer();
      watch.start();
      const before = await several(rounds, 'before the stall');
      await audience.stall(reading, consumers);
      await fillBuffers();
      const memory = residentBytes(target.server);
      const during = await several(rounds, 'stalled');
      const growth = residentBytes(target.server) - memory;
      await audience.resume(reading, consumers);
      await audience.arrival(published);
      const after = await several(rounds, 'after the stall');
      const use = watch.stop();

      // Those that had stalled may have the last records a little later than those that were waited for.
      await audience.arrival(published);
      const counts = await checkRun(target, audience, published);
      const lost = (from: number, to: number) =>
        counts.slice(from, to).reduce((sum, { dropped }) => sum + dropped, 0);
      const free = [...before, ...after];
      const lostByStalled = lost(reading, consumers);
      return {
        setup: [
          `${consumers} consumers of one stream on one relay, hwm ${hwm}, ${rate} records/s; ${consumers - reading} of them stop reading`,
          `latency from publish to arrival at ${Math.min(SAMPLED, reading)} of those that read`,
        ],
        figures: [
          {
            what: 'p99 with the stall by p99 without',
            unit: '',
            samples: [summarize(p99(during)).median / summarize(p99(free)).median],
            target: { atMost: 1.1 },
          },
          { what: 'p99 without a stall', unit: 'ms', samples: p99(free) },
          { what: 'p99 with the stall', unit: 'ms', samples: p99(during) },
          { what: 'p50 without a stall', unit: 'ms', samples: free.map(({ p50 }) => p50 / 1e3) },
          { what: 'p50 with the stall', unit: 'ms', samples: during.map(({ p50 }) => p50 / 1e3) },
          {
            what: 'lost by those that read',
            unit: 'records',
            samples: [lost(0, reading)],
            target: { atMost: 0 },
          },
          { what: 'lost by the stalled, and told', unit: 'records', samples: [lostByStalled] },
          { what: "growth of the relay's memory, stalled", unit: 'MiB', samples: [growth / MIB] },
        ],
        processes: use,
        ...(lostByStalled === 0 && {
          notes: ['The stalled lost nothing: the kernel held it all for them. Give --fill more.'],
        }),
      };
    });
  },
});

function p99(taken: readonly LatencySummary[]): number[] {
  return taken.map((latency) => latency.p99 / 1e3);
}

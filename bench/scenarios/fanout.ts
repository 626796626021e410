// Question: how many SSE events a second does one relay process write, and does the work of encoding grow with the number
// of those who read?
//
// Timed: from the first publish to the arrival of the last record at the last consumer, by the machine's monotonic clock.
// A relay process of its own, a generator that publishes prebuilt batches, and one process that holds all consumers as raw
// TCP connections and counts each one's events. The rate is doubled until something is dropped or piles up, then halved in
// on; the rounds are run at the rate that was found.
import { Audience } from '../lib/audience.js';
import { requireConnections } from '../lib/machine.js';
import { figureOf, runRounds } from '../lib/rounds.js';
import { CONSUMERS, defineScenario, RECORD_BYTES, ROUNDS, type Bench, type Figure } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { findHighest } from '../lib/search.js';
import { formatNumber } from '../lib/table.js';
import { relayAlone, throughConsolidator, type FanoutTarget } from '../lib/target.js';
import { checkRun, isSustained, runTrial } from '../lib/trial.js';

/** The relay's one core must not be what ends the search before its figure is known: 40 million events/s to 1,000. */
const MAX_RATE = 40_000;
const SEARCH_STEPS = 3;

const TARGETS: Readonly<Record<'relay' | 'consolidator', FanoutTarget>> = {
  relay: relayAlone,
  consolidator: throughConsolidator,
};

/** Beyond this the readers are part of what is measured, % of a core. */
const READERS_LIMIT = 75;

interface Setting {
  readonly target: FanoutTarget;
  readonly consumers: number;
  readonly seconds: number;
  readonly batch: number;
  readonly bytes: number;
}

export const fanout = defineScenario({
  name: 'fanout',
  summary: 'one relay, many consumers: events a second, and what each more consumer costs',
  question: 'How many SSE events a second does one relay process write to many consumers?',
  options: {
    consumers: CONSUMERS,
    rate: {
      type: 'integer',
      default: 0,
      unit: 'records/s',
      help: 'what is published; 0 finds the highest rate at which nothing is dropped',
    },
    seconds: { type: 'integer', default: 3, min: 1, unit: 's', help: 'length of a load' },
    rounds: ROUNDS,
    batch: { type: 'integer', default: 10, min: 1, unit: 'records', help: 'records in a message' },
    recordBytes: RECORD_BYTES,
    through: {
      type: 'choice',
      choices: ['relay', 'consolidator'],
      default: 'relay',
      help: 'whether a consolidator is on the way',
    },
  },
  inAll: ['--rounds', '2', '--seconds', '2'],
  async run(values, bench) {
    requireConnections(values.consumers);
    const { consumers, seconds, rounds, batch, recordBytes: bytes } = values;
    const setting: Setting = { target: TARGETS[values.through], consumers, seconds, batch, bytes };
    const encodes = await measureEncodes(setting, values.rate, bench);
    return withScope(async (scope) => {
      const target = await setting.target.start(scope, { part: { profile: bench.profile } });
      const audience = new Audience(scope);
      await audience.join(target, consumers);
      await target.greet();
      const offer = (rate: number, length: number) =>
        runTrial(target, audience, { rate, seconds: length, batch, bytes });

      const trials: string[] = [];
      const search = async (rate: number) => {
        bench.progress(`${formatNumber(rate)} records/s to ${consumers} consumers`);
        const trial = await offer(rate, Math.max(1, seconds - 1));
        trials.push(`${rate}${isSustained(trial) ? '' : ' (too much)'}`);
        return isSustained(trial);
      };
      const rate =
        values.rate || (await findHighest({ from: 250, upTo: MAX_RATE, steps: SEARCH_STEPS }, search));
      const measured = await runRounds(rounds, (round) => {
        bench.progress(`round ${round} of ${rounds} at ${formatNumber(rate)} records/s`);
        return offer(rate || 250, seconds);
      });
      await checkRun(target, audience, measured.at(-1)?.published ?? 0);
      const samples = measured.map(({ use, ...trial }) => ({
        ...trial,
        megabytes: trial.bytesPerSecond / 1e6,
        relay: (use['relay']?.cpu ?? 0) * 100,
        readers: (use['readers']?.cpu ?? 0) * 100,
        perCore: trial.events / (use['relay']?.cpuSeconds || Infinity),
      }));
      const at = { consumers };
      return {
        setup: [
          setting.target.setup,
          `${consumers} consumers in one process, raw TCP, which take what comes; records of ${bytes} bytes, ${batch} a message`,
          values.rate ? `${rate} records/s offered` : `records/s tried: ${trials.join(', ')}`,
        ],
        figures: [
          figureOf(samples, 'eventsPerSecond', 'events/s', {
            what: 'SSE events delivered',
            at,
            target: { atLeast: 2_000_000 },
          }),
          figureOf(samples, 'perCore', 'events/s a core', { what: 'events by CPU time of the relay', at }),
          figureOf(samples, 'megabytes', 'MB/s', { what: 'written to the consumers', at }),
          figureOf(samples, 'dropped', 'records', { what: 'dropped, and told', at }),
          figureOf(samples, 'backlogMs', 'ms', { what: 'last publish to last arrival', at }),
          figureOf(samples, 'relay', '% of a core', { what: 'CPU of the relay', at }),
          figureOf(samples, 'readers', '% of a core', { what: "CPU of the readers' process", at }),
          ...encodes,
        ],
        processes: measured.at(-1)?.use ?? {},
        ...(samples.some(({ readers }) => readers > READERS_LIMIT) && {
          notes: ["The readers' process is near its own limit: the relay may do more than this."],
        }),
      };
    });
  },
});

/** The same load with 1, 10, 100 … consumers of one relay that counts its encodes. */
async function measureEncodes(setting: Setting, rate: number, bench: Bench): Promise<Figure[]> {
  const counter = new URL('../workers/count-encodes.js', import.meta.url).href;
  const { consumers, batch, bytes, seconds } = setting;
  const offered = rate || ENCODES_RATE;
  return withScope(async (scope) => {
    const target = await setting.target.start(scope, {
      part: { ipc: true, nodeArgs: ['--import', counter] },
    });
    const audience = new Audience(scope);
    const figures: Figure[] = [];
    let published = 0;
    for (const size of sizesUpTo(consumers)) {
      bench.progress(`encodes with ${size} consumers`);
      await audience.join(target, size - audience.size, { published });
      if (published === 0) await target.greet();
      const before = (await target.ask()) as number;
      const trial = await runTrial(target, audience, {
        rate: offered,
        seconds: Math.max(1, seconds - 1),
        batch,
        bytes,
      });
      const encodes = ((await target.ask()) as number) - before;
      const records = trial.published - published;
      published = trial.published;
      const at = { consumers: size };
      figures.push({ what: 'encodes a published record', unit: '', at, samples: [encodes / records] });
      figures.push({ what: 'encodes', unit: 'a second', at, samples: [encodes / trial.seconds] });
    }
    return figures;
  });
}

const ENCODES_RATE = 250;

/** 10, 100, … and `most` itself. */
function sizesUpTo(most: number): number[] {
  const sizes: number[] = [];
  for (let size = 10; size < most; size *= 10) sizes.push(size);
  return [...sizes, most];
}

// Question: what does a tenant that floods cost another whose sidecar sends to the same consolidator, and whose readers are
// at the same relay?
//
// Timed: from the stamp that the quiet tenant's generator puts into a record when it publishes it to the record's arrival.
// Loads alone and beside the flood alternate, on the same parts. Floods are as large as what takes them lets them be: a
// program that prints under a sidecar, and a publisher with a connection of its own and batches made beforehand, with one
// record a message or as many as a sidecar sends. Each has a reader, since what nobody reads goes no further than the
// consolidator. All share the machine's cores with the flood and its reader.
import { setTimeout as sleep } from 'node:timers/promises';
import { Audience } from '../lib/audience.js';
import { startBeacon } from '../lib/beacon.js';
import { BenchError } from '../lib/errors.js';
import { untilHeardOf } from '../lib/heard-of.js';
import { startConsolidator, startRelay } from '../lib/parts.js';
import { defineScenario, RECORD_BYTES, type Bench, type Figure } from '../lib/scenario.js';
import { withScope, type Scope } from '../lib/scope.js';
import { startSidecar, TOPIC, type WatchedProgram } from '../lib/sidecars.js';
import { summarize, type LatencySummary } from '../lib/statistics.js';
import { Watch, type Use } from '../lib/usage.js';
import { startWorker } from '../lib/worker.js';
import type { GeneratorMethods } from '../workers/generator.js';

/** Who floods. */
interface Flood {
  /** Gets ready; what it answers floods, and answers how many records there have been since the start. */
  readonly prepare: (seconds: number) => Promise<() => Promise<number>>;
  /** As a sidecar does by itself: the last records may be among those that are lost. */
  readonly beat: () => Promise<void>;
}

const FLOODS: Readonly<Record<string, (scope: Scope, to: string, bytes: number) => Promise<Flood>>> = {
  container: startContainer,
  publisher: (scope, to, bytes) => startPublisher(scope, to, 1, bytes),
  batches: (scope, to, bytes) => startPublisher(scope, to, 256, bytes),
};

/** The flood begins so long before the quiet tenant's load, and ends so long after it, s. */
const MARGIN = 0.5;

const BEAT_MS = 200;
const QUIET = 'quiet';

export const neighbours = defineScenario({
  name: 'neighbours',
  summary: 'one tenant floods: what another on the same VM and relay notices',
  question:
    'Does a tenant lose records or time when another one floods the consolidator and relay that they share?',
  options: {
    rate: { type: 'integer', default: 100, min: 1, unit: 'records/s', help: 'what the quiet tenant prints' },
    seconds: { type: 'integer', default: 3, min: 1, unit: 's', help: 'length of its loads' },
    floods: {
      type: 'list',
      default: 'container,publisher,batches',
      help: 'who floods: a program under a sidecar; a publisher with a record or 256 of them a message',
    },
    limits: {
      type: 'list',
      default: '128MiB,4MiB,0',
      help: "the consolidator's --max-topic-rate, 0 for none",
    },
    rounds: { type: 'integer', default: 3, min: 1, help: 'loads alone, and as many beside the flood' },
    recordBytes: RECORD_BYTES,
  },
  inAll: ['--rounds', '1', '--seconds', '2'],
  async run({ rate, seconds, floods, limits, rounds, recordBytes: bytes }, bench) {
    const figures: Figure[] = [];
    let processes: Readonly<Record<string, Use>> = {};
    for (const flood of floods) {
      for (const limit of limits) {
        const setting = { flood, limit, rate, seconds, rounds, bytes };
        const measured = await withScope((scope) => measure(scope, setting, bench));
        figures.push(...figuresOf(measured).map((figure) => ({ ...figure, at: { flood, limit } })));
        processes = measured.use;
      }
    }
    return {
      setup: [
        `one consolidator, one relay, two tenants with a reader each; one publishes ${rate} records/s, the other by turns nothing and as much as it can`,
        'latency from publish to arrival at the reader of the quiet one; `limit` is --max-topic-rate',
      ],
      figures,
      processes,
      notes: ['CPU and memory are those of the last set-up.'],
    };
  },
});

interface Setting {
  readonly flood: string;
  readonly limit: string;
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly bytes: number;
}

interface Measured {
  readonly alone: readonly LatencySummary[];
  readonly beside: readonly LatencySummary[];
  /** The quiet tenant's records that its reader was told are missing. */
  readonly lost: number;
  /** Records of the flood a second: what was published, and what its reader received. */
  readonly offered: readonly number[];
  readonly received: readonly number[];
  readonly use: Readonly<Record<string, Use>>;
}

async function measure(scope: Scope, setting: Setting, bench: Bench): Promise<Measured> {
  const { flood: kind, limit, rate, seconds, rounds, bytes } = setting;
  const startFlood = FLOODS[kind];
  if (startFlood === undefined)
    throw new BenchError('machine', `There is no flood ${kind}: take ${Object.keys(FLOODS).join(', ')}.`);
  const part = { profile: bench.profile };
  const consolidator = await startConsolidator(scope, part, ['--max-topic-rate', limit]);
  const relay = await startRelay(scope, consolidator.from, [], part);
  const join = async (topic: string) => {
    const audience = new Audience(scope);
    await audience.join({ port: relay.port, path: `/v1/logs/${topic.slice(0, -1)}` }, 1, { sampleEvery: 1 });
    return audience;
  };
  const topic = `tenant/${QUIET}/web-1/`;
  const [calm, noisy] = [await join(topic), await join(TOPIC)] as const;
  const generator = startWorker<GeneratorMethods>(scope, 'generator');
  await generator.call('start', { topic, connect: consolidator.publish });
  await untilHeardOf(relay.url, 1);
  await generator.call('greet');
  const flood = await startFlood(scope, consolidator.publish, bytes);
  const watch = new Watch<string>({
    consolidator: consolidator.pid,
    relay: relay.pid,
    "flood's reader": noisy.pid,
  });

  let published = 0;
  const load = async (): Promise<LatencySummary> => {
    await calm.takeLatencies();
    published = (await generator.call('run', { rate, seconds, batch: 1, bytes })).total;
    await settle(calm, published, () => generator.call('beat'));
    return calm.takeLatencies();
  };
  const alone: LatencySummary[] = [];
  const beside: LatencySummary[] = [];
  const offered: number[] = [];
  const received: number[] = [];
  let flooded = 0;
  await load();
  watch.start();
  for (let round = 1; round <= rounds; round += 1) {
    const where = `flood by ${kind}, limit ${limit}, round ${round} of ${rounds}`;
    bench.progress(`${where}: alone`);
    alone.push(await load());
    bench.progress(`${where}: beside the flood`);
    const before = { total: flooded, records: (await noisy.totals()).records };
    const run = await flood.prepare(seconds + 2 * MARGIN);
    const flooding = run();
    await sleep(MARGIN * 1000);
    beside.push(await load());
    flooded = await flooding;
    await settle(noisy, flooded, flood.beat);
    await noisy.check(`the flood by ${kind}`, flooded);
    offered.push((flooded - before.total) / (seconds + 2 * MARGIN));
    received.push(((await noisy.totals()).records - before.records) / (seconds + 2 * MARGIN));
  }
  const use = watch.stop();
  const [count] = await calm.check(`the tenant beside the flood by ${kind}`, published);
  return { alone, beside, lost: count?.dropped ?? 0, offered, received, use };
}

/** Waits until everything has come or is told of. */
async function settle(audience: Audience, total: number, beat: () => Promise<void>): Promise<void> {
  const arrival = audience.arrival(total);
  do await beat();
  while ((await Promise.race([arrival, sleep(BEAT_MS)])) === undefined);
}

async function startPublisher(scope: Scope, to: string, batch: number, bytes: number): Promise<Flood> {
  const generator = startWorker<GeneratorMethods>(scope, 'generator');
  await generator.call('start', { topic: TOPIC, connect: to });
  await generator.call('greet');
  return {
    prepare: async (seconds) => async () => (await generator.call('flood', { seconds, batch, bytes })).total,
    beat: () => generator.call('beat'),
  };
}

/** A program prints once, so each flood has one of its own, with its sidecar, whose heartbeats tell of what is lost last. */
async function startContainer(scope: Scope, to: string): Promise<Flood> {
  const beacon = await startBeacon(scope);
  let total = 0;
  let last: WatchedProgram | undefined;
  return {
    async prepare(seconds) {
      last?.release();
      await last?.ended;
      const output = { how: 'floodFor', seconds, kind: 'plain' } as const;
      const program = await startSidecar(scope, to, beacon, { output });
      last = program;
      return async () => (total += (await program.print()).lines);
    },
    beat: async () => {},
  };
}

function ms(of: readonly LatencySummary[], key: 'p50' | 'p99'): number[] {
  return of.map((latency) => latency[key] / 1e3);
}

function figuresOf({ alone, beside, lost, offered, received }: Measured): Figure[] {
  const ratio = (key: 'p50' | 'p99') => summarize(ms(beside, key)).median / summarize(ms(alone, key)).median;
  return [
    { what: 'lost by the quiet tenant', unit: 'records', samples: [lost], target: { atMost: 0 } },
    ...(['p50', 'p99'] as const).flatMap((key): Figure[] => [
      { what: `${key} beside the flood by ${key} alone`, unit: '', samples: [ratio(key)] },
      { what: `${key} alone`, unit: 'ms', samples: ms(alone, key) },
      { what: `${key} beside the flood`, unit: 'ms', samples: ms(beside, key) },
    ]),
    { what: 'the flood, published', unit: 'records/s', samples: offered },
    { what: 'the flood, received', unit: 'records/s', samples: received },
  ];
}

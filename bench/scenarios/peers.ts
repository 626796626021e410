// Question: what do others do that could stand in Spillway's place, on this machine, with the same records and the same
// readers?
//
// Timed: as in `fanout`, first publish to last arrival at the last consumer; by turns, each by itself, none while another
// runs. The highest rate without a loss and without a backlog is searched for each; latency is taken at one low rate that
// all of them can carry, from publish to arrival.
import { Audience } from '../lib/audience.js';
import { requireConnections } from '../lib/machine.js';
import { figureOf } from '../lib/rounds.js';
import { defineScenario, RECORD_BYTES, type Bench, type Figure } from '../lib/scenario.js';
import { Scope } from '../lib/scope.js';
import { findHighest } from '../lib/search.js';
import { summarize } from '../lib/statistics.js';
import { formatNumber } from '../lib/table.js';
import { throughConsolidator, type FanoutTarget } from '../lib/target.js';
import { isInTime, isSustained, runTrial, type Trial } from '../lib/trial.js';
import type { Use } from '../lib/usage.js';
import { PEERS } from '../peers.js';
import type { Peer } from '../peers/peer.js';

const MAX_RATE = 40_000;

/** What somebody else's server has not delivered by then is lost, ms. */
const PEER_TIMEOUT_MS = 5_000;

interface Setting {
  readonly consumers: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly batch: number;
  readonly bytes: number;
  readonly latencyRate: number;
  readonly steps: number;
}

export const peers = defineScenario({
  name: 'peers',
  summary: 'Spillway beside nchan, Mercure, Redis, NATS and Kafka: the same records, the same readers',
  question:
    'How many SSE events a second do others deliver to the same readers, how late, and what do they lose?',
  options: {
    only: { type: 'list', default: '', help: 'names of peers, commas between; none for all that are here' },
    consumers: { type: 'integer', default: 500, min: 1, help: 'SSE consumers' },
    seconds: { type: 'integer', default: 2, min: 1, unit: 's', help: 'length of a load' },
    rounds: { type: 'integer', default: 3, min: 1, help: 'measured rounds at the rate that was found' },
    rate: { type: 'integer', default: 0, unit: 'records/s', help: 'what is published; 0 searches' },
    steps: {
      type: 'integer',
      default: 3,
      help: 'halvings in the search: how exact the rate is that is found',
    },
    latencyRate: {
      type: 'integer',
      default: 100,
      min: 10,
      unit: 'records/s',
      help: 'where latency is taken',
    },
    batch: { type: 'integer', default: 10, min: 1, unit: 'records', help: 'records in a message' },
    recordBytes: RECORD_BYTES,
  },
  inAll: ['--seconds', '1', '--rounds', '2', '--steps', '1'],
  async run({ only, rate, recordBytes: bytes, ...values }, bench) {
    requireConnections(values.consumers);
    const wanted = PEERS.filter(({ name }) => only.length === 0 || only.includes(name));
    const here = wanted.filter((peer) => peer.isHere());
    const setting: Setting = { ...values, bytes };
    const figures: Figure[] = [];
    let processes: Record<string, Use> = {};
    for (const target of [throughConsolidator, ...here]) {
      const name = target === throughConsolidator ? SPILLWAY : target.name;
      const measured = await measure(name, target, setting, rate, bench);
      figures.push(...measured.figures);
      for (const [part, use] of Object.entries(measured.use)) {
        processes = { ...processes, [`${name}: ${part}`]: use };
      }
    }
    return {
      setup: [
        `${values.consumers} consumers in one process, raw TCP; records of ${bytes} bytes, ${values.batch} a message; each system by itself`,
        `${SPILLWAY}: ${throughConsolidator.setup}`,
        ...here.map(({ name, setup, configuration }) => `${name}: ${setup} (${configuration.join('; ')})`),
      ],
      figures: [...figures, ...ratios(figures, here)],
      processes,
      notes: wanted
        .filter((peer) => !here.includes(peer))
        .map(({ name, install }) => `${name} is not here; install it with: ${install}`),
    };
  },
});

const SPILLWAY = 'spillway';
const DELIVERED = 'SSE events delivered';

async function measure(name: string, target: FanoutTarget, setting: Setting, wanted: number, bench: Bench) {
  const { consumers, seconds, rounds, batch, bytes, latencyRate, steps } = setting;
  const ours = name === SPILLWAY;
  const start = async () => {
    const scope = new Scope();
    try {
      const running = await target.start(scope, { part: { profile: bench.profile && ours } });
      const audience = new Audience(scope, ours ? undefined : PEER_TIMEOUT_MS);
      await audience.join(running, consumers, { sampleEvery: Math.max(1, Math.floor(consumers / 50)) });
      await running.greet();
      const offer = (rate: number, length: number) =>
        runTrial(running, audience, { rate, seconds: length, batch, bytes }, ours);
      return { scope, audience, offer };
    } catch (error) {
      await scope.end();
      throw error;
    }
  };
  let life = await start();
  /** After a rate that was too much: what the system still owes must not count against the next. */
  const begin = async () => {
    await life.scope.end();
    life = await start();
  };
  try {
    const say = (what: string) => bench.progress(`${name}: ${what}`);
    say(`latency at ${latencyRate} records/s`);
    await life.offer(latencyRate, 1);
    await life.audience.takeLatencies();
    await life.offer(latencyRate, seconds);
    const { p50, p99 } = await life.audience.takeLatencies();
    const search = async (tried: number) => {
      say(`${formatNumber(tried)} records/s`);
      const trial = await life.offer(tried, 1);
      const sustained = isSustained(trial) && isInTime(trial, 1);
      if (!sustained) await begin();
      return sustained;
    };
    const rate = wanted || (await findHighest({ from: 250, upTo: MAX_RATE, steps }, search));
    await begin();
    await life.offer(Math.max(1, Math.round((rate || 250) / 2)), 1);
    const measured: Trial[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds} at ${formatNumber(rate)} records/s`);
      measured.push(await life.offer(rate || 250, seconds));
    }
    const last = measured.at(-1);
    const samples = measured.map(({ use, ...trial }, i) => ({
      ...trial,
      untold: trial.untold - (measured[i - 1]?.untold ?? 0),
      // All that the system needs, the generator and the readers apart.
      perCore: trial.events / serverSeconds(use),
      server: busiestServer(use),
      perWrite: trial.events / serversOf(use).reduce((sum, { writes }) => sum + writes, 0),
      readers: (use['readers']?.cpu ?? 0) * 100,
    }));
    const at = { system: name };
    return {
      use: last?.use ?? {},
      figures: [
        figureOf(samples, 'eventsPerSecond', 'events/s', { what: DELIVERED, at }),
        figureOf(samples, 'perCore', 'events/s a core', {
          what: 'events by CPU time of all its processes',
          at,
        }),
        figureOf(samples, 'perWrite', 'events', { what: 'events a system call that writes', at }),
        figureOf(samples, 'server', '% of a core', { what: 'CPU of the busiest of them', at }),
        figureOf(samples, 'readers', '% of a core', { what: "CPU of the readers' process", at }),
        { what: 'publish to arrival, p50', unit: 'ms', at, samples: [p50 / 1e3] },
        { what: 'publish to arrival, p99', unit: 'ms', at, samples: [p99 / 1e3] },
        figureOf(samples, 'dropped', 'records', { what: 'dropped, and told', at }),
        figureOf(samples, 'untold', 'records', { what: 'lost, and nobody told', at }),
      ],
    };
  } finally {
    await life.scope.end();
  }
}

function serversOf(use: Readonly<Record<string, Use>>): Use[] {
  return Object.entries(use).flatMap(([name, of]) =>
    name === 'generator' || name === 'readers' ? [] : [of],
  );
}

function serverSeconds(use: Readonly<Record<string, Use>>): number {
  return serversOf(use).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) || Infinity;
}

/** % of a core. */
function busiestServer(use: Readonly<Record<string, Use>>): number {
  return Math.max(0, ...serversOf(use).map(({ cpu }) => cpu * 100));
}

/** What DESIGN asks for of those that are not helped by our proxy. */
const TIMES = { atLeast: 10 } as const;

/** Spillway's median over each peer's. */
function ratios(figures: readonly Figure[], peers: readonly Peer[]): Figure[] {
  const median = (system: string) => {
    const found = figures.find(({ what, at }) => what === DELIVERED && at?.['system'] === system);
    return summarize((found as Figure).samples).median;
  };
  return peers.map(({ name, asItComes }) => ({
    what: `Spillway delivers so many times as much as ${asItComes ? 'it' : 'it with our proxy'}`,
    unit: '×',
    at: { system: name },
    samples: [median(SPILLWAY) / (median(name) || Infinity)],
    ...(asItComes && { target: TIMES }),
  }));
}

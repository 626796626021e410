// Question: what does it cost to have more containers, more streams that are read, more readers of each?
//
// Measured: CPU time of the consolidator and of the relay while the same number of records a second goes through, spread
// over more and more sources that one reader follows; then with a stream and a reader for each source; then with more
// readers of one stream. One dimension grows at a time, so each curve says what that dimension costs. Sources are played by one process
// with a ledger each; they are not processes of their own, since a thousand of those would be what is measured.
import { Audience } from '../lib/audience.js';
import { requireConnections } from '../lib/machine.js';
import { untilHeardOf } from '../lib/heard-of.js';
import { startConsolidator, startRelay } from '../lib/parts.js';
import { numbersOf } from '../lib/numbers.js';
import { defineScenario, RECORD_BYTES, type Bench, type Figure } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { sourceName, TENANT } from '../lib/sidecars.js';
import { formatNumber } from '../lib/table.js';
import { Watch, type Use } from '../lib/usage.js';
import { startWorker } from '../lib/worker.js';
import type { SourcesMethods } from '../workers/sources.js';

const MIB = 2 ** 20;
const DIMENSIONS = ['sources', 'streams', 'consumers'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/** Where consumers grow, so many sources print. */
const BASE_SOURCES = 10;

interface Size {
  readonly sources: number;
  /** Whether each source's stream is read by itself, or all of them as their tenant's one stream. */
  readonly each: boolean;
  readonly consumers: number;
}

export const scale = defineScenario({
  name: 'scale',
  summary: 'sources, streams and consumers: how the cost grows with each',
  question: 'What do more sources, more open streams and more consumers cost at the same load?',
  options: {
    sources: {
      type: 'list',
      default: '10,100,1000',
      help: 'containers that print, read as one stream of their tenant',
    },
    streams: {
      type: 'list',
      default: '1,10,100',
      help: 'containers that print, each read as a stream of its own',
    },
    consumers: { type: 'list', default: '1,10,100', help: 'readers of one stream of ten containers' },
    rate: {
      type: 'integer',
      default: 2_000,
      min: 1,
      unit: 'records/s',
      help: 'printed, by all sources together',
    },
    seconds: { type: 'integer', default: 3, min: 1, unit: 's', help: 'length of a load' },
    recordBytes: RECORD_BYTES,
  },
  async run({ rate, seconds, recordBytes: bytes, ...lists }, bench) {
    const sizes = Object.fromEntries(DIMENSIONS.map((key) => [key, numbersOf(key, lists[key])])) as Record<
      Dimension,
      number[]
    >;
    const figures: Figure[] = [];
    let processes: Readonly<Record<string, Use>> = {};
    for (const dimension of DIMENSIONS) {
      for (const value of sizes[dimension]) {
        const size: Size = {
          sources: dimension === 'consumers' ? BASE_SOURCES : value,
          each: dimension === 'streams',
          consumers: dimension === 'consumers' ? value : 1,
        };
        requireConnections(value);
        bench.progress(`${formatNumber(value)} ${dimension}`);
        const measured = await measure(size, { rate, seconds, bytes }, bench);
        processes = measured.use;
        const at = { [dimension]: value };
        for (const part of ['consolidator', 'relay'] as const) {
          const { cpuSeconds, rssPeak } = measured.use[part] as Use;
          const cpu = (cpuSeconds / measured.published) * 1e6;
          figures.push({ what: `CPU a record printed, ${part}`, unit: 'µs', at, samples: [cpu] });
          figures.push({ what: `resident memory, ${part}`, unit: 'MiB', at, samples: [rssPeak / MIB] });
        }
      }
    }
    return {
      setup: [
        `a process that plays the sources publishes ${rate} records/s of ${bytes} bytes, one a message, by turns from each of them`,
        `sources: one consumer of all of them; streams: one consumer of each; consumers: of one stream of ${BASE_SOURCES} sources; consolidator and relay fresh each time`,
      ],
      figures,
      processes,
    };
  },
});

interface Load {
  readonly rate: number;
  readonly seconds: number;
  readonly bytes: number;
}

function measure(size: Size, load: Load, bench: Bench) {
  return withScope(async (scope) => {
    const part = { profile: bench.profile };
    const consolidator = await startConsolidator(scope, part);
    const relay = await startRelay(scope, consolidator.from, [], part);
    const sources = startWorker<SourcesMethods>(scope, 'sources');
    await sources.call('start', { connect: consolidator.publish, count: size.sources });
    const audience = new Audience(scope);
    const paths = size.each
      ? Array.from({ length: size.sources }, (_, i) => sourceName(i))
      : [`tenant/${TENANT}`];
    for (const path of paths)
      await audience.join({ port: relay.port, path: `/v1/logs/${path}` }, size.consumers);
    await untilHeardOf(relay.url, 1);
    await sources.call('greet');
    const pids = {
      consolidator: consolidator.pid,
      relay: relay.pid,
      sources: sources.pid,
      readers: audience.pid,
    };
    const watch = new Watch<string>(pids).start();
    const { each, total } = await sources.call('run', load);
    const due = size.each ? each : total;
    await audience.arrival(due);
    const use = watch.stop();
    await audience.check(`${size.sources} sources`, due);
    return { use, published: total };
  });
}

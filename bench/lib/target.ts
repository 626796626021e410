import type { GeneratorMethods, Load, Published } from '../workers/generator.js';
import { untilHeardOf } from './heard-of.js';
import { startConsolidator, startRelay, type PartOptions } from './parts.js';
import type { Scope } from './scope.js';
import { fetchServerAccount, type ServerRow } from './server-account.js';
import { LOGS_PATH, TOPIC } from './sidecars.js';
import { startWorker } from './worker.js';

/**
 * Something that takes records in and fans them out over SSE: what the fan-out scenarios measure. A peer is another one
 * of these, with the same records and the same readers.
 */
export interface FanoutTarget {
  readonly name: string;
  /** How it is set up, in one sentence. */
  readonly setup: string;
  start(scope: Scope, options: TargetOptions): Promise<RunningTarget>;
}

export interface TargetOptions {
  /** Further words for the server that writes to the consumers. */
  readonly args?: readonly string[];
  readonly part?: PartOptions;
}

export interface RunningTarget {
  /** Where consumers connect. */
  readonly port: number;
  readonly path: string;
  /** The process that writes to the consumers: what is measured. */
  readonly server: number;
  /** Asks the server's preloaded helper, see `workers/count-encodes`. */
  ask(): Promise<unknown>;
  /** The server's own account of each consumer, where it keeps one. */
  account?(): Promise<readonly ServerRow[]>;
  /** All processes by name, the generator included. */
  readonly processes: Readonly<Record<string, number>>;
  /** Resolves when publishing reaches the consumers; call it once, with at least one of them there. */
  greet(): Promise<void>;
  publish(load: Load): Promise<Published>;
}

/** A relay alone: the generator binds the socket that a consolidator would. */
export const relayAlone: FanoutTarget = {
  name: 'relay',
  setup: 'a generator publishes prebuilt batches where a consolidator would; one relay reads it',
  async start(scope, options) {
    const generator = startWorker<GeneratorMethods>(scope, 'generator');
    const from = await generator.call('start', { topic: TOPIC });
    return running(scope, from, generator, { generator: generator.pid }, options, 0);
  },
};

/** The same load through a consolidator. */
export const throughConsolidator: FanoutTarget = {
  name: 'consolidator and relay',
  setup: 'a generator publishes prebuilt batches where a sidecar would; one consolidator, one relay',
  async start(scope, options) {
    const consolidator = await startConsolidator(scope, options.part);
    const generator = startWorker<GeneratorMethods>(scope, 'generator');
    await generator.call('start', { topic: TOPIC, connect: consolidator.publish });
    const processes = { generator: generator.pid, consolidator: consolidator.pid };
    return running(scope, consolidator.from, generator, processes, options, 1);
  },
};

async function running(
  scope: Scope,
  from: string,
  generator: ReturnType<typeof startWorker<GeneratorMethods>>,
  processes: Readonly<Record<string, number>>,
  { args = [], part }: TargetOptions,
  consolidators: number,
): Promise<RunningTarget> {
  const relay = await startRelay(scope, from, args, part);
  return {
    port: relay.port,
    path: LOGS_PATH,
    server: relay.pid,
    ask: () =>
      new Promise((resolve) => {
        relay.child.once('message', resolve);
        relay.child.send('ask');
      }),
    account: () => fetchServerAccount(relay.url),
    processes: { ...processes, relay: relay.pid },
    async greet() {
      await untilHeardOf(relay.url, consolidators);
      await generator.call('greet');
    },
    publish: (load) => generator.call('run', load),
  };
}

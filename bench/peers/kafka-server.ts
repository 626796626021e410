import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BenchError } from '../lib/errors.js';
import type { Scope } from '../lib/scope.js';
import { replication } from './kafka-client.js';
import { findProgram, freePort, startServer, temporaryFolder, type Server } from './peer.js';

/** Where `bench/peers/install.sh` puts Kafka's jars. */
const LIBS = fileURLToPath(new URL('../../../bench/peers/.cache/kafka', import.meta.url));

export function hasKafka(): boolean {
  return findProgram('java') !== undefined && existsSync(LIBS);
}

export const HEAP = '512m';

/** What a broker has besides names, ports, folders and what a scenario asks for. */
export const BROKER_OPTIONS = {
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'num.partitions': 1,
  'offsets.topic.num.partitions': 1,
} as const;

export type BrokerOptions = Readonly<Record<string, string | number>>;

/** A broker that can be killed and started again. It is its own controller. */
export class KafkaBroker {
  readonly port: number;
  readonly #scope: Scope;
  readonly #folder: string;
  readonly #file: string;
  readonly #cluster: string;
  #server: Server | undefined;

  /** @param cluster the id that all of a cluster are formatted with */
  constructor(scope: Scope, port: number, cluster: string, properties: BrokerOptions) {
    this.port = port;
    this.#scope = scope;
    this.#cluster = cluster;
    this.#folder = temporaryFolder(scope);
    this.#file = join(this.#folder, 'server.properties');
    const all = { ...properties, 'log.dirs': join(this.#folder, 'logs') };
    writeFileSync(
      this.#file,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
  }

  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Makes an empty disk ready for the cluster. */
  async format(): Promise<void> {
    const words = [...javaWords('128m'), 'kafka.tools.StorageTool', 'format', '-t', this.#cluster];
    try {
      await promisify(execFile)('java', [...words, '-c', this.#file]);
    } catch (cause) {
      throw new BenchError('part', `Kafka's storage cannot be formatted: ${String(cause)}`, { cause });
    }
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const words = [...javaWords(HEAP), 'kafka.Kafka', this.#file];
    this.#server = await startServer(this.#scope, 'java', words, this.port);
  }

  async kill(): Promise<void> {
    await this.#server?.stop('SIGKILL');
  }

  loseDisk(): void {
    rmSync(join(this.#folder, 'logs'), { recursive: true, force: true });
  }
}

/** A KRaft cluster, broker and controller in one process a node; `brokers` says how many, `options` adds to each. */
export async function startKafka(
  scope: Scope,
  brokers = 1,
  options: BrokerOptions = {},
): Promise<readonly KafkaBroker[]> {
  const ids = Array.from({ length: brokers }, (_, i) => i + 1);
  const free = await Promise.all([...ids, ...ids].map(freePort));
  const ports = free.slice(0, brokers);
  const controllers = free.slice(brokers);
  const { factor, minInSync } = replication(brokers);
  const cluster = randomBytes(16).toString('base64url');
  const nodes = ids.map(
    (id, i) =>
      new KafkaBroker(scope, ports[i] as number, cluster, {
        'process.roles': 'broker,controller',
        'node.id': id,
        'controller.quorum.voters': ids.map((voter, at) => `${voter}@127.0.0.1:${controllers[at]}`).join(','),
        listeners: `PLAINTEXT://127.0.0.1:${ports[i]},CONTROLLER://127.0.0.1:${controllers[i]}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports[i]}`,
        'controller.listener.names': 'CONTROLLER',
        'offsets.topic.replication.factor': factor,
        'transaction.state.log.replication.factor': factor,
        'transaction.state.log.min.isr': minInSync,
        ...BROKER_OPTIONS,
        ...options,
      }),
  );
  // None is ready before a majority is there.
  await Promise.all(nodes.map((node) => node.format()));
  await Promise.all(nodes.map((node) => node.start()));
  return nodes;
}

function javaWords(heap: string): string[] {
  return [`-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-cp', `${LIBS}/*`];
}

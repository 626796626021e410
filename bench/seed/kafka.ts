import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../lib/scope.js';
import { startWorker, type Worker } from '../lib/worker.js';
import { GROUP } from '../peers/kafka-bus.js';
import { partitionsInSync, replication } from '../peers/kafka-client.js';
import { BROKER_OPTIONS, HEAP, startKafka, type KafkaBroker } from '../peers/kafka-server.js';
import { temporaryFolder } from '../peers/peer.js';
import { PROXY } from '../peers/proxied.js';
import { PRINTER, readCount } from '../soak/program-runs.js';
import { LINGER_MS, SHIPPER_HWM, type ShipperMethods } from '../workers/shipper.js';
import type { SseProxyMethods } from '../workers/sse-proxy.js';
import { containerOf, VMS, type ContainerRun, type Fleet } from './fleet.js';

const LOOK_MS = 100;

export interface KafkaFleetOptions {
  /** Lines a second of each container. */
  readonly rate: number;
  /** When the controller takes a broker for lost that it does not hear of, ms. */
  readonly sessionTimeout: number;
  /** A VM comes back with an empty disk. */
  readonly losesDisk: boolean;
}

interface Run extends ContainerRun {
  wasKilled: boolean;
  readonly shipper: Worker<ShipperMethods>;
}

/** A broker, and a container whose lines go to Kafka, on each VM; a Node proxy serves them as SSE. */
export async function startKafkaFleet(
  scope: Scope,
  { rate, sessionTimeout, losesDisk }: KafkaFleetOptions,
): Promise<Fleet> {
  const options = {
    'broker.session.timeout.ms': sessionTimeout,
    'broker.heartbeat.interval.ms': Math.floor(sessionTimeout / 6),
    'unclean.leader.election.enable': 'false',
  };
  const brokers = await startKafka(scope, VMS, options);
  const ports = brokers.map(({ port }) => port);
  const proxy = startWorker<SseProxyMethods>(scope, 'sse-proxy');
  const port = await proxy.call('start', { bus: 'kafka', ports, partitions: VMS });
  const folder = temporaryFolder(scope);
  const runs: Run[] = [];
  const current = new Map<number, Run>();
  const startContainer = async (vm: number) => {
    const id = runs.length;
    const file = join(folder, `run-${id}`);
    const shipper = startWorker<ShipperMethods>(scope, 'shipper');
    const run: Run = { id, vm, wasKilled: false, shipper, printed: () => readCount(file) };
    runs.push(run);
    current.set(vm, run);
    const command = [process.execPath, PRINTER, id, Number.MAX_SAFE_INTEGER, rate, file].map(String);
    await shipper.call('start', { ports, partition: vm, container: containerOf(vm), command });
  };
  const { factor, minInSync } = replication(VMS);
  return {
    name: 'kafka',
    setup: [
      `kafka: a broker on each VM (KRaft, controller in the same process, heap ${HEAP}), one topic of ${VMS} partitions, a container's lines in one of them; ` +
        `replication factor ${factor}, min.insync.replicas ${minInSync}, acks all; ` +
        Object.entries({ ...BROKER_OPTIONS, ...options })
          .map(([key, value]) => `${key}=${value}`)
          .join(', '),
      `kafka: producers (kafkajs) gather for ${LINGER_MS} ms, one request in flight, retry without end, ${SHIPPER_HWM} lines may wait; the proxy reads in a group with a session of ${GROUP.sessionTimeout} ms; ${PROXY}`,
    ],
    url: `http://127.0.0.1:${port}/`,
    processes: () => ({
      ...Object.fromEntries(brokers.map(({ pid }, i) => [`broker ${i}`, pid])),
      ...Object.fromEntries([...current].map(([vm, { shipper }]) => [`producer ${vm}`, shipper.pid])),
      proxy: proxy.pid,
    }),
    runs,
    async open() {
      for (let vm = 0; vm < VMS; vm += 1) await startContainer(vm);
    },
    async kill(vm) {
      const run = current.get(vm) as Run;
      run.wasKilled = true;
      await Promise.all([(brokers[vm] as KafkaBroker).kill(), run.shipper.kill()]);
      if (losesDisk) (brokers[vm] as KafkaBroker).loseDisk();
    },
    async restore(vm) {
      const broker = brokers[vm] as KafkaBroker;
      const commands: string[] = [];
      if (losesDisk) {
        await broker.format();
        commands.push("format its disk with the cluster's id");
      }
      await startContainer(vm);
      await broker.start();
      return [...commands, 'start the broker'];
    },
    async whole() {
      while ((await partitionsInSync(ports)) < VMS) await sleep(LOOK_MS);
    },
    async rest() {
      await Promise.all([...current.values()].map(({ shipper }) => shipper.call('stop')));
    },
  };
}

// A cluster as an operator would set it up, in network namespaces: three VMs, two relays, three etcd members, CURVE and
// tokens. SPILLWAY_LONG=1 cuts the network for 30 s rather than 8.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import type * as clusterModule from '../../bench/recycle/cluster.js';
import type * as faultsModule from '../../bench/recycle/faults.js';
import type * as ordealModule from '../../bench/recycle/ordeal.js';
import { Scope } from '../../bench/lib/scope.js';
import { needsEtcd } from './etcd/server.js';

/** The compiled one: it starts the compiled command line that lies beside it. */
const compiled = (name: string) =>
  import(new URL(`../../dist/bench/recycle/${name}.js`, import.meta.url).href);
const { Cluster } = (await compiled('cluster')) as typeof clusterModule;
const { allFaults } = (await compiled('faults')) as typeof faultsModule;
const { suffer } = (await compiled('ordeal')) as typeof ordealModule;

const cut = process.env['SPILLWAY_LONG'] === undefined ? 8_000 : 30_000;

void t.test(
  'what a cluster loses comes back by itself, and every loss is told and adds up',
  { skip: needsEtcd() || needsNamespaces() },
  async (t) => {
    const scope = new Scope();
    t.teardown(() => scope.end());
    const cluster = await Cluster.start(scope);
    for (const fault of allFaults({ cut, kills: 20 })) {
      const { what, times, received, told, problems } = await suffer(cluster, fault);
      const sorted = times.toSorted((a, b) => a - b);
      t.comment(
        `${what}: read again after ${sorted[sorted.length >> 1]} ms, ${sorted.at(-1)} at most; ${received} received, ${told} told`,
      );
      t.strictSame(problems, [], what);
    }
  },
);

function needsNamespaces(): false | string {
  const name = `spillway-${process.pid}-probe`;
  const isAble = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (isAble) spawnSync('ip', ['netns', 'delete', name]);
  return isAble ? false : 'network namespaces need root and iproute2';
}

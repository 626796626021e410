import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import type { EtcdMember } from './etcd.js';
import type { Listener } from './listener.js';

/** What is done to a cluster that is in use. */
export interface Fault {
  readonly what: string;
  /**
   * Does it, and waits until it is got over. Answers how long each listener that it cut off waited for its next line once
   * the part was back, ms.
   */
  readonly inflict: (cluster: Cluster) => Promise<readonly number[]>;
  /** The relays' consumers must come back by themselves, rather than never leave. */
  readonly cutsConsumers?: boolean;
}

export interface FaultOptions {
  /** How long a network is cut for, ms. */
  readonly cut: number;
  /** How often a consolidator is killed. */
  readonly kills: number;
}

/** All that a cluster must get over. */
export function allFaults({ cut, kills }: FaultOptions): readonly Fault[] {
  return [
    { what: 'VM killed and recycled with a new address', inflict: (cluster) => recycle(cluster, 0) },
    {
      what: `network cut for ${cut / 1000} s and healed`,
      async inflict(cluster) {
        const { host } = cluster.vms[1] as Cluster['vms'][number];
        host.cut();
        await sleep(cut);
        host.heal();
        return readAgain(cluster, 1, Date.now());
      },
    },
    {
      what: `consolidator SIGKILLed ${kills} times`,
      async inflict(cluster) {
        const times: number[] = [];
        for (let i = 0; i < kills; i += 1)
          times.push(...(await readAgain(cluster, 2, await cluster.killConsolidator(2))));
        return times;
      },
    },
    {
      what: "etcd's minority lost, VM recycled meanwhile",
      async inflict(cluster) {
        const [first] = cluster.members as [EtcdMember];
        await first.kill();
        const times = await recycle(cluster, 1);
        first.start();
        await first.ready();
        return times;
      },
    },
    {
      what: "etcd's majority lost, VM recycled meanwhile",
      async inflict(cluster) {
        const lost = cluster.members.slice(0, 2);
        await Promise.all(lost.map((member) => member.kill()));
        await cluster.recycle(2);
        for (const member of lost) member.start();
        await Promise.race(lost.map((member) => member.ready()));
        const times = await readAgain(cluster, 2, Date.now());
        await Promise.all(lost.map((member) => member.ready()));
        return times;
      },
    },
    {
      what: 'relay replaced',
      cutsConsumers: true,
      async inflict(cluster) {
        const at = await cluster.replaceRelay(0);
        const times = cluster.vms.map(async ({ run }, vm) => {
          const [listener] = cluster.listeners[vm] as [Listener];
          return Math.max(0, (await listener.nextLine(new Set([run.id]))) - at);
        });
        return Promise.all(times);
      },
    },
  ];
}

async function recycle(cluster: Cluster, vm: number): Promise<readonly number[]> {
  return readAgain(cluster, vm, await cluster.recycle(vm));
}

/** How long after `at` all listeners to a VM have their next line of it, ms. */
function readAgain(cluster: Cluster, vm: number, at: number): Promise<readonly number[]> {
  const { run } = cluster.vms[vm] as Cluster['vms'][number];
  const runs = new Set([run.id]);
  const listeners = cluster.listeners[vm] as readonly Listener[];
  return Promise.all(listeners.map(async (listener) => Math.max(0, (await listener.nextLine(runs)) - at)));
}

// Question: how soon is a part that was lost read again?
//
// Timed: from the part's own record of being ready (of a network: its being healed; of etcd's majority: a member's healthy
// answer) to the next line at each reader that was cut off from it. The cluster is in network namespaces, with CURVE and
// tokens; two readers a VM, one at each relay. Of a relay, its readers' way back is timed, which it asks them to spread.
import { Cluster } from '../recycle/cluster.js';
import { allFaults } from '../recycle/faults.js';
import { suffer, type Recovery } from '../recycle/ordeal.js';
import { BenchError } from '../lib/errors.js';
import { defineScenario } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';

export const recycle = defineScenario({
  name: 'recycle',
  summary: 'parts of a cluster are lost and come back: time until they are read again',
  question: 'How soon is a part that comes back read again?',
  options: {
    rounds: { type: 'integer', default: 3, min: 1, help: 'all faults, so many times' },
    cut: { type: 'integer', default: 30, min: 1, unit: 's', help: 'how long the network is cut' },
    kills: { type: 'integer', default: 20, min: 1, help: 'how often a consolidator is killed a round' },
  },
  inAll: ['--rounds', '1', '--cut', '5', '--kills', '3'],
  run({ rounds, cut, kills }, bench) {
    return withScope(async (scope) => {
      bench.progress('starting the cluster');
      const cluster = await Cluster.start(scope);
      const faults = allFaults({ cut: cut * 1000, kills });
      const recoveries: Recovery[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        for (const fault of faults) {
          bench.progress(`${fault.what}, round ${round} of ${rounds}`);
          const recovery = await suffer(cluster, fault);
          if (recovery.problems.length > 0)
            throw new BenchError('law', `${fault.what}: ${recovery.problems.join('; ')}`);
          recoveries.push(recovery);
        }
      }
      const sum = (of: 'received' | 'told') => recoveries.reduce((all, recovery) => all + recovery[of], 0);
      return {
        setup: [
          'three VMs, two relays, three etcd members, each in a network namespace; CURVE and tokens',
          `${sum('received')} records received and ${sum('told')} told of as missing: each fault adds up`,
        ],
        figures: faults.map(({ what, cutsConsumers }) => ({
          what,
          unit: 'ms',
          samples: recoveries.filter((recovery) => recovery.what === what).flatMap(({ times }) => times),
          ...(!cutsConsumers && { target: { atMost: 1000 } }),
        })),
        processes: {},
      };
    });
  },
});

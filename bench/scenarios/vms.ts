// Question: what does a relay need to read a thousand VMs?
//
// Timed: from the start of the relay's process until it says that it is connected to all; and from a reader's request until
// every consolidator has said that it sends that stream. Memory is the relay's, with one VM and with all.
import { BenchError } from '../lib/errors.js';
import { startPart } from '../lib/parts.js';
import { figureOf, runRounds } from '../lib/rounds.js';
import { defineScenario } from '../lib/scenario.js';
import { withScope, type Scope } from '../lib/scope.js';
import { residentBytes } from '../lib/usage.js';
import { startWorker } from '../lib/worker.js';
import { Reader } from '../soak/reader.js';
import { fetchRows } from '../soak/server-view.js';
import type { VmsMethods } from '../workers/vms.js';

/** So many consolidators share a process. */
const PER_PROCESS = 250;
const LOOK_MS = 5;
const PATIENCE_MS = 60_000;

export const vms = defineScenario({
  name: 'vms',
  summary: 'one relay that reads many VMs: connecting, subscribing, memory',
  question: 'What does a relay need to read a thousand VMs?',
  options: {
    vms: { type: 'integer', default: 1000, min: 2, help: 'consolidators, 250 a process' },
    rounds: { type: 'integer', default: 3, min: 1, help: 'fresh relays to measure' },
  },
  run({ vms: count, rounds }, bench) {
    return withScope(async (scope) => {
      const entries: string[] = [];
      while (entries.length < count) {
        bench.progress(`${entries.length} of ${count} consolidators`);
        const worker = startWorker<VmsMethods>(scope, 'vms');
        entries.push(...(await worker.call('start', Math.min(PER_PROCESS, count - entries.length))));
      }
      bench.progress('a relay of one VM');
      const alone = await measure(entries.slice(0, 1));
      const samples = await runRounds(rounds, (round) => {
        bench.progress(`a relay of ${count} VMs, ${round} of ${rounds}`);
        return measure(entries);
      });
      const perVm = samples.map(({ memory }) => ((memory - alone.memory) * 1024) / (count - 1));
      const at = { vms: count };
      return {
        setup: [
          `${count} consolidators in ${Math.ceil(count / PER_PROCESS)} processes, one relay that is told of all`,
        ],
        figures: [
          figureOf(samples, 'connected', 'ms', { what: 'process start to connected to all', at }),
          figureOf(samples, 'subscribed', 'ms', { what: 'request to sent by all', at }),
          figureOf(samples, 'memory', 'MiB', { what: 'resident memory of the relay', at }),
          { what: 'resident memory a VM', unit: 'KiB', at, samples: perVm },
        ],
        processes: {},
      };
    });
  },
});

interface Sample {
  readonly connected: number;
  readonly subscribed: number;
  /** MiB. */
  readonly memory: number;
}

function measure(entries: readonly string[]): Promise<Sample> {
  return withScope(async (scope: Scope) => {
    const began = performance.now();
    const relay = startPart(scope, ['relay', '--from', entries.join(','), '--listen', '127.0.0.1:0']);
    const { url = '' } = await relay.ready();
    await until(async () => {
      const answer = await fetch(`${url}/readyz`);
      return Number.parseInt(await answer.text(), 10) >= entries.length;
    });
    const connected = performance.now() - began;
    const asked = performance.now();
    const reader = await Reader.open(`${url}/v1/logs/tenant/acme`, { kind: 'fast' }, () => {});
    scope.defer(async () => reader.close());
    await until(async () => (await fetchRows(url))[0]?.consolidators === entries.length);
    const subscribed = performance.now() - asked;
    return { connected, subscribed, memory: residentBytes(relay.pid) / 2 ** 20 };
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline)
      throw new BenchError('part', `The relay did not come to know all VMs within ${PATIENCE_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

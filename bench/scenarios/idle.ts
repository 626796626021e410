// Question: what does a consumer cost that is connected and has nothing to read?
//
// Measured: the relay's resident memory with a few consumers and with all of them, after it has settled; the difference by
// their number. The first few warm the process up, so that its code is not counted as theirs. At the end one batch goes out
// and must reach each of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { Audience } from '../lib/audience.js';
import { requireConnections } from '../lib/machine.js';
import { defineScenario } from '../lib/scenario.js';
import { withScope } from '../lib/scope.js';
import { relayAlone } from '../lib/target.js';
import { runTrial } from '../lib/trial.js';
import { residentBytes, Watch, type Use } from '../lib/usage.js';

const MIB = 2 ** 20;
const BATCH = 10;

interface IdleSample {
  readonly perConsumer: number;
  readonly total: number;
  readonly accepted: number;
  readonly cpu: number;
  readonly broadcastMs: number;
  readonly use: Readonly<Record<string, Use>>;
}

export const idle = defineScenario({
  name: 'idle',
  summary: 'many consumers with nothing to read: memory of each',
  question: 'How much resident memory does an idle SSE consumer cost the relay?',
  options: {
    consumers: { type: 'integer', default: 10_000, min: 2, help: 'idle SSE consumers' },
    settle: { type: 'integer', default: 3, unit: 's', help: 'wait before memory is read' },
    rounds: { type: 'integer', default: 1, min: 1, help: 'fresh relays to measure' },
  },
  async run({ consumers, settle, rounds }, bench) {
    requireConnections(consumers);
    const first = Math.max(1, Math.floor(consumers / 10));
    const samples: IdleSample[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      bench.progress(`${consumers} consumers, relay ${round} of ${rounds}`);
      samples.push(await measure(consumers, first, settle, bench.profile));
    }
    const figure = (key: Exclude<keyof IdleSample, 'use'>, what: string, unit: string) => ({
      what,
      unit,
      at: { consumers },
      samples: samples.map((sample) => sample[key]),
    });
    return {
      setup: [
        `${consumers} SSE consumers of one stream on one relay, nothing published`,
        `memory of ${consumers - first} of them: read ${settle} s after the last had connected, less what the relay had with ${first}`,
      ],
      figures: [
        { ...figure('perConsumer', 'resident memory each', 'KB'), target: { atMost: 10 } },
        figure('total', 'resident memory of the relay', 'MiB'),
        figure('accepted', 'connections accepted', 'a second'),
        figure('cpu', 'CPU of the relay while idle', '% of a core'),
        figure('broadcastMs', `one batch of ${BATCH} to all of them`, 'ms'),
      ],
      processes: samples.at(-1)?.use ?? {},
    };
  },
});

function measure(consumers: number, first: number, settle: number, profile: boolean): Promise<IdleSample> {
  return withScope(async (scope) => {
    const target = await relayAlone.start(scope, { part: { profile } });
    const audience = new Audience(scope);
    await audience.join(target, first);
    await sleep(settle * 1000);
    const before = residentBytes(target.server);
    const began = performance.now();
    await audience.join(target, consumers - first);
    const seconds = (performance.now() - began) / 1000;
    const watch = new Watch<string>({ ...target.processes, readers: audience.pid }).start();
    await sleep(settle * 1000);
    const use = watch.stop();
    const after = residentBytes(target.server);
    await target.greet();
    const trial = await runTrial(target, audience, { rate: BATCH, seconds: 1, batch: BATCH, bytes: 220 });
    return {
      perConsumer: (after - before) / (consumers - first) / 1000,
      total: after / MIB,
      accepted: (consumers - first) / seconds,
      cpu: (use['relay']?.cpu ?? 0) * 100,
      broadcastMs: trial.backlogMs,
      use,
    };
  });
}

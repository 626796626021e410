import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilHeardOf } from '../lib/heard-of.js';
import { startPart, startRelay, type Part, type PartOptions } from '../lib/parts.js';
import type { Scope } from '../lib/scope.js';
import { freePort } from '../peers/peer.js';
import { ProgramRuns, type ProgramRun } from '../soak/program-runs.js';
import { containerOf, TENANT, VMS, type ContainerRun, type Fleet } from './fleet.js';

/** Lines that a sidecar may have waiting. */
const HWM = 50_000;

interface Vm {
  readonly publish: string;
  readonly from: string;
  readonly words: readonly string[];
  consolidator: Part;
  run: ProgramRun;
}

/** A consolidator and a sidecar on each VM; a relay reads all of them. */
export async function startSpillwayFleet(scope: Scope, rate: number, part: PartOptions): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-seed-'));
  scope.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const programs = new ProgramRuns(scope, folder);
  const free = await Promise.all(Array.from({ length: 3 * VMS }, freePort));
  const endpoint = (index: number) => `tcp://127.0.0.1:${free[index]}`;
  const startConsolidator = async (words: readonly string[]) => {
    const consolidator = startPart(scope, ['consolidator', ...words], part);
    await consolidator.ready();
    return consolidator;
  };
  const vms = await Promise.all(
    Array.from({ length: VMS }, async (_, i): Promise<Vm> => {
      // A consolidator that comes back is found where it was.
      const [publish, subscribe, replay] = [endpoint(3 * i), endpoint(3 * i + 1), endpoint(3 * i + 2)];
      const words = ['--publish', publish, '--subscribe', subscribe, '--replay', replay, '--http', 'off'];
      const from = `${subscribe} replay=${replay}`;
      return { publish, from, words, consolidator: await startConsolidator(words), run: undefined as never };
    }),
  );
  const words = vms.slice(1).flatMap(({ from }) => ['--from', from]);
  const relay = await startRelay(scope, (vms[0] as Vm).from, words, part);
  const startContainer = (vm: number) => {
    const container = containerOf(vm);
    const who = ['--tenant', TENANT, '--container', container];
    const topic = `tenant/${TENANT}/${container}`;
    const plan = { who, topic, vm, overflow: 'drop-oldest', hwm: HWM, rate } as const;
    return programs.start(plan, (vms[vm] as Vm).publish, Number.MAX_SAFE_INTEGER, part);
  };
  return {
    name: 'spillway',
    setup: [
      `spillway: a consolidator on each VM and one relay, defaults; --hwm ${HWM} at the sidecars; nothing on disk`,
    ],
    url: `${relay.url}/v1/logs/tenant/${TENANT}`,
    processes: () => ({
      ...Object.fromEntries(vms.map(({ consolidator }, i) => [`consolidator ${i}`, consolidator.pid])),
      ...Object.fromEntries(vms.map(({ run }, i) => [`sidecar ${i}`, run.part.pid])),
      relay: relay.pid,
    }),
    get runs(): readonly ContainerRun[] {
      return programs.all.map((run) => Object.assign(run, { vm: run.plan.vm }));
    },
    async open() {
      await untilHeardOf(relay.url, VMS);
      for (const [i, vm] of vms.entries()) vm.run = startContainer(i);
    },
    async kill(index) {
      const vm = vms[index] as Vm;
      vm.run.wasKilled = true;
      for (const { child } of [vm.consolidator, vm.run.part]) child.kill('SIGKILL');
      await Promise.all([vm.consolidator.exited, vm.run.part.exited]);
    },
    async restore(index) {
      const vm = vms[index] as Vm;
      vm.run = startContainer(index);
      vm.consolidator = await startConsolidator(vm.words);
      return ['start the consolidator'];
    },
    // There is nothing that must be made good.
    whole: () => Promise.resolve(),
    async rest() {
      for (const { run } of vms) run.part.child.kill('SIGTERM');
      await Promise.all(vms.map(({ run }) => run.part.exited));
    },
  };
}

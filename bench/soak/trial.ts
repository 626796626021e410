import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilHeardOf } from '../lib/heard-of.js';
import type { Scope } from '../lib/scope.js';
import { Era } from './era.js';
import { startRelayPost, startVm, untilConnected, type RelayPost, type Vm } from './fleet.js';
import type { Fault, Plan, ReaderPlan } from './plan.js';
import { ProgramRuns, type ProgramRun } from './program-runs.js';
import { verdictOf, type Progress, type Verdict } from './verdict.js';
import { disagreements, type History } from './law.js';

export interface TrialOptions {
  readonly plan: Plan;
  /** Lines after which there are no more faults. */
  readonly lines: number;
  readonly onProgress: (progress: Progress) => void;
}

const ADVANCE_MS = 100;
const LOOK_MS = 250;
const PROGRESS_MS = 2_000;
/** One that was disconnected for being slow comes back after so long, ms. */
const REJOIN_MS = 1_000;
/** Lines go on for so long after the last fault, ms. */
const AFTER_MS = 1_000;
/** A sidecar that was killed is told of after three heartbeats of a second; the relay looks twice a second. */
const SILENT_MS = 4_500;
/** How long everything may take to come to rest. */
const REST_MS = 20_000;

/** Runs a plan on real processes and says what does not add up. */
export async function runTrial(scope: Scope, options: TrialOptions): Promise<Verdict> {
  const trial = new Trial(scope, options);
  await trial.start();
  await trial.suffer();
  await trial.rest();
  return trial.verdict();
}

class Trial implements History {
  readonly #scope: Scope;
  readonly #options: TrialOptions;
  readonly #plan: Plan;
  readonly #programs: ProgramRuns;
  readonly #vms: Vm[] = [];
  readonly #relays: RelayPost[] = [];
  /** By relay, its present life. */
  readonly #present: Era[] = [];
  readonly #eras: Era[] = [];
  /** By program, its latest run. */
  readonly #latest: ProgramRun[] = [];
  readonly #underway = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #inflicted: Record<string, number> = {};
  readonly #findings: string[] = [];
  #looking: Promise<void> | undefined;
  #isAtRest = false;
  #began = 0;

  constructor(scope: Scope, options: TrialOptions) {
    this.#scope = scope;
    this.#options = options;
    this.#plan = options.plan;
    const folder = mkdtempSync(join(tmpdir(), 'spillway-soak-'));
    scope.defer(async () => rmSync(folder, { recursive: true }));
    scope.defer(async () => this.#hush());
    this.#programs = new ProgramRuns(scope, folder);
  }

  get runs(): readonly ProgramRun[] {
    return this.#programs.all;
  }

  get outages() {
    return this.#vms.map(({ post }) => post.outages);
  }

  /** Consolidators, relays, readers, and only then what prints: so the readers are due every line. */
  async start(): Promise<void> {
    const { vms, relays, programs, readers } = this.#plan;
    this.#vms.push(...(await Promise.all(vms.map((vm, i) => startVm(this.#scope, i, vm)))));
    for (let i = 0; i < relays; i += 1) {
      this.#relays.push(await startRelayPost(this.#scope, i, this.#vms));
      await this.#beginEra(i, true);
    }
    // A line is due from where on every consolidator sends its stream to every relay, and they say so.
    await Promise.all(this.#relays.map(({ url }) => untilHeardOf(url, this.#vms.length)));
    this.#began = performance.now();
    for (const [index] of programs.entries()) this.#startProgram(index);
    for (const reader of readers) {
      if (reader.joinsAt > 0) this.#later(reader.joinsAt, () => this.#join(reader));
    }
    this.#timers.push(
      setInterval(() => this.#present.forEach((era) => era.advance()), ADVANCE_MS),
      setInterval(() => this.#options.onProgress(this.#progress()), PROGRESS_MS),
    );
    this.#looking = this.#look();
  }

  /** The faults, in the order of the plan; ends when the last one is made good, or early when something is found. */
  async suffer(): Promise<void> {
    for (const fault of this.#plan.faults) {
      await sleep(Math.max(0, this.#began + fault.at - performance.now()));
      if (this.#found().length > 0 || this.#programs.printed() >= this.#options.lines) break;
      this.#track(this.#inflict(fault));
    }
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  /** Lets programs end, readers catch up, and everything come to rest. */
  async rest(): Promise<void> {
    await sleep(AFTER_MS);
    for (const { endedAt, part } of this.#latest) if (endedAt === undefined) part.child.kill('SIGTERM');
    await Promise.all(this.runs.map(({ part }) => part.exited));
    this.#isAtRest = true;
    for (const era of this.#present) for (const sitting of era.sittings) sitting.hurry();
    await this.#looking;
    const deadline = performance.now() + REST_MS;
    await sleep(SILENT_MS);
    for (;;) {
      await Promise.all(this.#present.map((era) => era.look()));
      for (const era of this.#present) era.advance();
      if (performance.now() > deadline || (await disagreements(this.#present, this)).length === 0) break;
      await sleep(LOOK_MS);
    }
    this.#hush();
    this.#findings.push(...(await disagreements(this.#present, this)));
    for (const era of this.#present) this.#findings.push(...era.close());
  }

  verdict(): Verdict {
    return verdictOf(this.#plan, this.#progress(), this.runs, this.#eras, this.#inflicted, this.#found());
  }

  #found(): string[] {
    return [...this.#findings, ...this.#eras.flatMap((era) => era.findings())];
  }

  #progress(): Progress {
    const sittings = this.#eras.flatMap((era) => era.sittings);
    return {
      seconds: Math.round((performance.now() - this.#began) / 100) / 10,
      printed: this.#programs.printed(),
      delivered: sittings.reduce((sum, { audit }) => sum + audit.delivered, 0),
      faults: Object.values(this.#inflicted).reduce((sum, count) => sum + count, 0),
      findings: this.#found().length,
    };
  }

  #startProgram(index: number): void {
    const plan = this.#plan.programs[index] as Plan['programs'][number];
    const { publish } = this.#vms[plan.vm] as Vm;
    this.#latest[index] = this.#programs.start(plan, publish, Number.MAX_SAFE_INTEGER);
  }

  async #beginEra(index: number, isFirst: boolean): Promise<void> {
    const { url } = this.#relays[index] as RelayPost;
    await untilConnected(url, this.#vms.length);
    const programOf = (run: number) => (this.runs[run] as ProgramRun).plan;
    const era = new Era({ relay: index, url, isFirst, programOf });
    this.#present[index] = era;
    this.#eras.push(era);
    for (const reader of this.#plan.readers) {
      if (reader.relay === index && (!isFirst || reader.joinsAt === 0)) await era.seat(reader, !isFirst);
    }
  }

  async #join(reader: ReaderPlan): Promise<void> {
    const era = this.#present[reader.relay] as Era;
    if (era.isOver || this.#isAtRest) return;
    const sitting = await era.seat(reader, true).catch(() => undefined);
    // Its relay may have been killed at this very moment; the next life has a seat for it.
    if (sitting === undefined && !era.isOver && this.#relays[reader.relay]?.post.isUp)
      throw new Error(`relay ${reader.relay} let nobody in`);
  }

  async #inflict({ what, target, lasts }: Fault): Promise<void> {
    const { part, index } = target;
    if (part === 'sidecar') await this.#inflictSidecar(what, index, lasts);
    else if (what === 'job') return;
    else if (part === 'consolidator') {
      if (await (this.#vms[index] as Vm).post.suffer(what, lasts)) this.#count(`${what} ${part}`);
    } else {
      const era = this.#present[index] as Era;
      const { post } = this.#relays[index] as RelayPost;
      const onDown = () => (era.isOver = true);
      const onUp = async () => {
        await era.finish(what === 'drain');
        await this.#beginEra(index, false);
      };
      if (await post.suffer(what, lasts, { onDown, onUp })) this.#count(`${what} ${part}`);
    }
  }

  async #inflictSidecar(what: Fault['what'], index: number, lasts: number): Promise<void> {
    const run = this.#latest[index] as ProgramRun;
    this.#count(`${what} sidecar`);
    if (what === 'job') {
      const plan = { ...run.plan, rate: 0 };
      this.#programs.start(plan, (this.#vms[plan.vm] as Vm).publish, this.#plan.jobLines);
    } else if (what === 'stop') {
      run.part.child.kill('SIGSTOP');
      await sleep(lasts);
      run.part.child.kill('SIGCONT');
    } else if (!run.wasKilled) {
      run.wasKilled = true;
      run.part.child.kill('SIGKILL');
      await run.part.exited;
      await sleep(lasts);
      this.#startProgram(index);
    }
  }

  /** Asks the relays for their accounts all the time, and brings back who was disconnected. */
  async #look(): Promise<void> {
    while (!this.#isAtRest) {
      for (const [index, era] of this.#present.entries()) {
        if (era.isOver || !this.#relays[index]?.post.isUp) continue;
        await era.look().catch((error: Error) => {
          if (!era.isOver && this.#relays[index]?.post.isUp) this.#findings.push(error.message);
        });
        for (const { plan } of era.takeDisconnected()) this.#later(REJOIN_MS, () => this.#join(plan));
      }
      await sleep(LOOK_MS);
    }
  }

  #later(ms: number, act: () => Promise<void>): void {
    this.#timers.push(setTimeout(() => this.#track(act()), ms));
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: Error) => void this.#findings.push(error.stack ?? error.message))
      .finally(() => this.#underway.delete(tracked));
    this.#underway.add(tracked);
  }

  #count(what: string): void {
    this.#inflicted[what] = (this.#inflicted[what] ?? 0) + 1;
  }

  #hush(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const era of this.#eras) for (const sitting of era.sittings) if (era.isOver) sitting.close();
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumersPage } from '../../relay/consumers-route.js';
import { startPart, type Part } from '../lib/parts.js';
import type { Scope } from '../lib/scope.js';
import { ProgramRuns, type ProgramRun } from '../soak/program-runs.js';
import { makeAccess, type Access } from './access.js';
import { startEtcd, type EtcdMember } from './etcd.js';
import { Lan, type Host } from './lan.js';
import { Listener } from './listener.js';

const VMS = 3;
const RELAYS = 2;
const MEMBERS = 3;
const PUBLISH = 'tcp://127.0.0.1:5555';
const HTTP_PORT = 8080;
/** Lines a second of each container. */
const RATE = 300;
const LOOK_MS = 20;

/** A VM: a consolidator, and a container under a sidecar. */
export interface Vm {
  host: Host;
  consolidator: Part;
  run: ProgramRun;
  /** All its runs since the account was opened. */
  runs: ProgramRun[];
  /** Those that began when no relay knew the VM yet: what they printed by then nobody had asked for. */
  readonly newcomers: Set<ProgramRun>;
}

/**
 * Three VMs, two relays and an etcd of three members, each on a host of its own, with CURVE and tokens as an operator
 * sets them up; and at each relay a listener to each VM's container.
 */
export class Cluster {
  readonly vms: Vm[] = [];
  readonly members: EtcdMember[] = [];
  /** By VM, one at each relay. */
  readonly listeners: Listener[][] = [];
  readonly #scope: Scope;
  readonly #lan: Lan;
  readonly #folder: string;
  readonly #programs: ProgramRuns;
  readonly #relays: { readonly host: Host; part: Part }[] = [];
  readonly #access: Access;

  private constructor(scope: Scope, lan: Lan, folder: string, access: Access) {
    this.#scope = scope;
    this.#lan = lan;
    this.#folder = folder;
    this.#access = access;
    this.#programs = new ProgramRuns(scope, folder);
  }

  /** Resolves when every listener is known at every consolidator. @throws {BenchError} `machine` */
  static async start(scope: Scope): Promise<Cluster> {
    const lan = new Lan(scope);
    const folder = mkdtempSync(join(tmpdir(), 'spillway-cluster-'));
    scope.defer(async () => rmSync(folder, { recursive: true, force: true }));
    const cluster = new Cluster(scope, lan, folder, await makeAccess(folder));
    await cluster.#start();
    return cluster;
  }

  /** Starts the containers that the account is of. */
  async open(): Promise<void> {
    for (const [i, vm] of this.vms.entries()) {
      vm.newcomers.clear();
      vm.run = this.#startProgram(i, vm.host);
      vm.runs = [vm.run];
    }
    await Promise.all(
      this.vms.flatMap(({ run }, i) =>
        (this.listeners[i] as Listener[]).map((listener) => listener.until(() => listener.seen.has(run.id))),
      ),
    );
  }

  /** SIGKILL, and another at the same address. Answers when that one was ready, ms since the epoch. */
  async killConsolidator(index: number): Promise<number> {
    const vm = this.vms[index] as Vm;
    vm.consolidator.child.kill('SIGKILL');
    await vm.consolidator.exited;
    const { part, readyAt } = await this.#startConsolidator(vm.host);
    vm.consolidator = part;
    return readyAt;
  }

  /** The VM goes without a word, with all that is on it, and another with a new address comes in its place. */
  async recycle(index: number): Promise<number> {
    const vm = this.vms[index] as Vm;
    vm.host.cut();
    vm.run.wasKilled = true;
    for (const part of [vm.consolidator, vm.run.part]) {
      part.child.kill('SIGKILL');
      await part.exited;
    }
    vm.host = this.#lan.host();
    const { part, readyAt } = await this.#startConsolidator(vm.host);
    vm.consolidator = part;
    vm.run = this.#startProgram(index, vm.host);
    vm.runs.push(vm.run);
    vm.newcomers.add(vm.run);
    return readyAt;
  }

  /** SIGTERM, and another at the same address. Its listeners come back by themselves. */
  async replaceRelay(index: number): Promise<number> {
    const relay = this.#relays[index] as { host: Host; part: Part };
    await relay.part.stop();
    const { part, readyAt } = await this.#startRelay(relay.host);
    relay.part = part;
    return readyAt;
  }

  /** Ends the containers, so that everything comes to rest. */
  async rest(): Promise<void> {
    for (const { run } of this.vms) run.part.child.kill('SIGTERM');
    await Promise.all(this.vms.map(({ run }) => run.part.exited));
  }

  async #start(): Promise<void> {
    const hosts = Array.from({ length: MEMBERS }, () => this.#lan.host());
    this.members.push(...(await startEtcd(this.#scope, hosts, this.#folder)));
    const vmHosts = Array.from({ length: VMS }, () => this.#lan.host());
    const consolidators = await Promise.all(vmHosts.map((host) => this.#startConsolidator(host)));
    const relayHosts = Array.from({ length: RELAYS }, () => this.#lan.host());
    const relays = await Promise.all(relayHosts.map((host) => this.#startRelay(host)));
    for (const [i, host] of relayHosts.entries())
      this.#relays.push({ host, part: (relays[i] as { part: Part }).part });
    await Promise.all(relayHosts.map((host) => this.#untilConnected(host)));
    for (const [i, host] of vmHosts.entries()) {
      this.listeners.push(
        relayHosts.map(({ address }) => this.#listen(`${urlOf(address)}/v1/logs/${topicOf(i)}`)),
      );
      const { part } = consolidators[i] as { part: Part };
      this.vms.push({ host, consolidator: part, run: undefined as never, runs: [], newcomers: new Set() });
    }
    await Promise.all(
      this.listeners.flat().map((listener) => listener.until(() => listener.connections > 0)),
    );
    await Promise.all(relayHosts.map((host) => this.#untilHeardOf(host)));
  }

  #listen(url: string): Listener {
    const listener = new Listener(url, this.#access.headers);
    this.#scope.defer(async () => listener.close());
    return listener;
  }

  get #etcd(): string {
    return `etcd://${this.members.map(({ host }) => `${host.address}:2379`).join(',')}/spillway`;
  }

  #startConsolidator(host: Host) {
    const bound = ['--publish', PUBLISH, '--subscribe', `tcp://${host.address}:5556`, '--http', 'off'];
    return this.#startOn(host, [
      'consolidator',
      ...bound,
      '--announce',
      this.#etcd,
      ...this.#access.consolidator,
    ]);
  }

  #startRelay(host: Host) {
    const listen = `${host.address}:${HTTP_PORT}`;
    return this.#startOn(host, [
      'relay',
      '--listen',
      listen,
      '--discover',
      this.#etcd,
      ...this.#access.relay,
    ]);
  }

  async #startOn(host: Host, args: readonly string[]): Promise<{ part: Part; readyAt: number }> {
    const part = startPart(this.#scope, args, { namespace: host.namespace });
    const { time = '' } = await part.ready();
    return { part, readyAt: Date.parse(time) };
  }

  #startProgram(vm: number, host: Host): ProgramRun {
    const topic = topicOf(vm);
    const [, tenant = '', container = ''] = topic.split('/');
    const who = ['--tenant', tenant, '--container', container, ...this.#access.sidecar];
    const plan = { who, topic, vm, overflow: 'drop-oldest', hwm: 50_000, rate: RATE } as const;
    return this.#programs.start(plan, PUBLISH, Number.MAX_SAFE_INTEGER, { namespace: host.namespace });
  }

  async #untilConnected({ address }: Host): Promise<void> {
    for (;;) {
      const answer = await fetch(`${urlOf(address)}/readyz`);
      if (answer.ok && Number.parseInt(await answer.text(), 10) >= VMS) return;
      await sleep(LOOK_MS);
    }
  }

  async #untilHeardOf({ address }: Host): Promise<void> {
    for (;;) {
      const answer = await fetch(`${urlOf(address)}/v1/consumers`, { headers: this.#access.headers });
      const { consumers } = (await answer.json()) as ConsumersPage;
      if (consumers.length === VMS && consumers.every(({ consolidators }) => consolidators >= VMS)) return;
      await sleep(LOOK_MS);
    }
  }
}

function topicOf(vm: number): string {
  return `tenant/acme/web-${vm}`;
}

function urlOf(address: string): string {
  return `http://${address}:${HTTP_PORT}`;
}

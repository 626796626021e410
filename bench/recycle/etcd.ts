import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../lib/errors.js';
import type { Scope } from '../lib/scope.js';
import type { Host } from './lan.js';

const ETCD = '/usr/bin/etcd';

/** One member of a real etcd, on a host of its own. Killed and started again, it is the same member. */
export class EtcdMember {
  readonly host: Host;
  readonly #folder: string;
  readonly #members: readonly Host[];
  #child: ChildProcess | undefined;

  constructor(scope: Scope, host: Host, members: readonly Host[], folder: string) {
    this.host = host;
    this.#members = members;
    this.#folder = folder;
    scope.defer(() => this.kill());
  }

  start(): void {
    const { namespace, address } = this.host;
    const client = `http://${address}:2379`;
    const peer = `http://${address}:2380`;
    const args = {
      name: address,
      'data-dir': join(this.#folder, address),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': this.#members.map((host) => `${host.address}=http://${host.address}:2380`).join(','),
    };
    const words = Object.entries(args).map(([name, value]) => `--${name}=${value}`);
    this.#child = spawn('ip', ['netns', 'exec', namespace, ETCD, ...words], { stdio: 'ignore' });
  }

  /** Resolves when it answers, which it does only with a majority. */
  async ready(): Promise<void> {
    for (;;) {
      const limit = AbortSignal.timeout(ANSWER_MS);
      const { ok } = await fetch(`http://${this.host.address}:2379/health`, { signal: limit }).catch(() => ({
        ok: false,
      }));
      if (ok) return;
      const { exitCode } = this.#child as ChildProcess;
      if (exitCode !== null) throw new BenchError('part', `etcd ended with ${exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGKILL. Idempotent. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

const ANSWER_MS = 500;

/** Starts a member on each host. */
export async function startEtcd(
  scope: Scope,
  hosts: readonly Host[],
  folder: string,
): Promise<readonly EtcdMember[]> {
  if (!existsSync(ETCD))
    throw new BenchError('machine', `It needs etcd at ${ETCD}: install Debian's etcd-server.`);
  const members = hosts.map((host) => new EtcdMember(scope, host, hosts, folder));
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.ready()));
  return members;
}

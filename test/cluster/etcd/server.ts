import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdClient } from '../../../cluster/etcd/client.js';
import { toBase64 } from '../../../cluster/etcd/keys.js';
import { freePorts } from '../../support/ports.js';
import { needs } from '../../support/programs.js';

export const ETCD = '/usr/bin/etcd';
export const needsEtcd = () => needs('etcd', [ETCD]);

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** A real etcd of one member on loopback, on the same ports each time that it is started. */
export class Etcd {
  readonly #port: number;
  readonly #peerPort: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #run = 0;

  private constructor(folder: string, port: number, peerPort: number) {
    this.#folder = folder;
    this.#port = port;
    this.#peerPort = peerPort;
  }

  /** Not running yet. */
  static async prepare(t: Test): Promise<Etcd> {
    const [port = 0, peerPort = 0] = await freePorts(2);
    const folder = await mkdtemp(join(tmpdir(), 'spillway-etcd-'));
    const etcd = new Etcd(folder, port, peerPort);
    t.teardown(async () => {
      await etcd.kill();
      await rm(folder, { recursive: true, force: true });
    });
    return etcd;
  }

  static async start(t: Test): Promise<Etcd> {
    const etcd = await Etcd.prepare(t);
    await etcd.start();
    return etcd;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `etcd://${this.host}/spillway`;
  }

  /** Resolves when it answers. `empty`: with a new data directory. */
  async start({ empty = false } = {}): Promise<void> {
    if (empty) this.#run += 1;
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const args = {
      'data-dir': join(this.#folder, `data-${this.#run}`),
      'listen-client-urls': this.origin,
      'advertise-client-urls': this.origin,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
    };
    const words = Object.entries(args).map(([name, value]) => `--${name}=${value}`);
    this.#child = spawn(ETCD, words, { stdio: 'ignore' });
    for (;;) {
      const { ok } = await fetch(`${this.origin}/health`).catch(() => ({ ok: false }));
      if (ok) return;
      if (this.#child.exitCode !== null) throw new Error(`etcd ended with ${this.#child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  call(path: string, question: object): Promise<unknown> {
    return new EtcdClient([this.origin]).call(path, question);
  }

  async put(key: string, value: string | object): Promise<void> {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await this.call('/v3/kv/put', { key: toBase64(key), value: toBase64(text) });
  }

  /** An entry as a consolidator would put it, without a lease. */
  async putEntry(id: string, port: number, more: object = {}): Promise<string> {
    const subscribe = `tcp://127.0.0.1:${port}`;
    await this.put(`/spillway/${id}`, { id, subscribe, version: 1, ...more });
    return subscribe;
  }

  async delete(key: string): Promise<void> {
    await this.call('/v3/kv/deleterange', { key: toBase64(key) });
  }

  /** The lease of a key; undefined where there is no such key. */
  async leaseOf(key: string): Promise<string | undefined> {
    const answer = (await this.call('/v3/kv/range', { key: toBase64(key) })) as {
      kvs?: { lease?: string }[];
    };
    return answer.kvs?.[0]?.lease;
  }

  async revoke(lease: string): Promise<void> {
    await this.call('/v3/lease/revoke', { ID: lease });
  }

  /** Forgets all revisions before the present one. */
  async compact(): Promise<void> {
    const answer = (await this.call('/v3/kv/range', { key: toBase64('x') })) as {
      header: { revision: string };
    };
    await this.call('/v3/kv/compaction', { revision: answer.header.revision, physical: true });
  }
}

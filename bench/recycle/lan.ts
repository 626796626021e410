import { execFileSync } from 'node:child_process';
import { BenchError } from '../lib/errors.js';
import type { Scope } from '../lib/scope.js';

/** RFC 2544 keeps 198.18.0.0/15 for measuring: nobody's machines are there. */
const SUBNETS = '198.18';
const FIRST_HOST = 10;

/** A machine of a {@link Lan}: a network namespace with one address. */
export interface Host {
  /** What `ip netns exec` takes. */
  readonly namespace: string;
  readonly address: string;
  /** Takes it off the network without a word: its link stays up, and nothing comes through any more. */
  cut(): void;
  heal(): void;
}

/**
 * A network on this machine: a namespace a host, all on one bridge, which has a namespace of its own so that the
 * machine's firewall does not look into it. The machine itself has an address there. Gone with its scope.
 */
export class Lan {
  readonly #scope: Scope;
  readonly #name: string;
  readonly #subnet: string;
  #hosts = 0;

  /** @throws {BenchError} `machine` where a process may not make namespaces, with what to do */
  constructor(scope: Scope) {
    this.#scope = scope;
    this.#name = `spillway-${process.pid}`;
    const near = `spw${process.pid.toString(36)}`;
    try {
      this.#addNamespace(this.#switch);
      this.#subnet = freeSubnet();
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', 'up', 'netns', this.#switch);
      scope.defer(async () => ip('link', 'delete', near));
      this.#inSwitch('link', 'add', 'bridge', 'type', 'bridge');
      this.#inSwitch('link', 'set', 'dev', 'bridge', 'up');
      this.#inSwitch('link', 'set', 'dev', 'up', 'master', 'bridge', 'up');
      ip('address', 'add', `${this.#subnet}.1/24`, 'dev', near);
      ip('link', 'set', 'dev', near, 'up');
    } catch (cause) {
      throw new BenchError(
        'machine',
        `It needs network namespaces: run it as root on Linux, with iproute2 (${(cause as Error).message.trim()}).`,
        { cause },
      );
    }
  }

  host(): Host {
    const number = this.#hosts++;
    const namespace = `${this.#name}-${number}`;
    const port = `port${number}`;
    const address = `${this.#subnet}.${FIRST_HOST + number}`;
    this.#addNamespace(namespace);
    ip('-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', port, 'netns', this.#switch);
    const heal = () => this.#inSwitch('link', 'set', 'dev', port, 'master', 'bridge', 'up');
    heal();
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', 'dev', device, 'up');
    return { namespace, address, heal, cut: () => this.#inSwitch('link', 'set', 'dev', port, 'nomaster') };
  }

  get #switch(): string {
    return `${this.#name}-switch`;
  }

  /** Its devices go with it, and the other end of each. */
  #addNamespace(namespace: string): void {
    ip('netns', 'add', namespace);
    this.#scope.defer(async () => ip('netns', 'delete', namespace));
  }

  #inSwitch(...words: readonly string[]): void {
    ip('-n', this.#switch, ...words);
  }
}

function freeSubnet(): string {
  const taken = ip('-4', 'address');
  const free = Array.from({ length: 256 }, (_, i) => `${SUBNETS}.${(process.pid + i) % 256}`);
  return free.find((subnet) => !taken.includes(` ${subnet}.`)) as string;
}

function ip(...words: readonly string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

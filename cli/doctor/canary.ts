import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { CurveClient } from '../../cluster/curve/index.js';
import { createNormalizer } from '../../sidecar/normalize/index.js';
import { resolveSidecarOptions } from '../../sidecar/options.js';
import { startSidecar, type Sidecar } from '../../sidecar/sidecar.js';

/** The stream of the canaries: a system stream, which no tenant sees. */
export const CANARY_COMPONENT = 'doctor';

/** Names a canary among all of all runs. */
export class Canaries {
  readonly #run = randomUUID().slice(0, 8);
  readonly #pattern = new RegExp(`canary ${this.#run} (\\d+)\\.(\\d+) `, 'g');

  textOf(vm: number, number: number): string {
    return `canary ${this.#run} ${vm}.${number} of spillway doctor`;
  }

  /** The canaries of this run that a text holds. */
  *in(text: string): Generator<{ vm: number; number: number }> {
    for (const [, vm, number] of text.matchAll(this.#pattern))
      yield { vm: Number(vm), number: Number(number) };
  }
}

/** How long the end of a run waits for a VM that cannot be reached, ms. */
const FLUSH_TIMEOUT_MS = 200;

/** A sidecar whose container says what it is told to. */
export function openCage(
  to: string,
  curve: CurveClient | undefined,
): { say(text: string): void; close(): Promise<unknown> } {
  const topic = { class: 'system', component: CANARY_COMPONENT } as const;
  const sidecar: Sidecar = startSidecar(
    resolveSidecarOptions({ topic, to, flushTimeout: FLUSH_TIMEOUT_MS, curve }),
    {
      normalizer: createNormalizer({ name: CANARY_COMPONENT, hostname: hostname(), pid: process.pid }),
    },
  );
  return {
    say: (text) => sidecar.chunk('stdout', Buffer.from(`${text}\n`)),
    close: () => sidecar.close(),
  };
}

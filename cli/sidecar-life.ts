import type { LifeEvent, OnLife } from '../sidecar/capture/index.js';
import { startSidecar, type Sidecar } from '../sidecar/sidecar.js';
import { createLog, type Log } from '../telemetry/index.js';
import type { Topic } from '../wire/topic.js';
import { resolveFor, type SidecarValues } from './sidecar.js';

const OWN: Topic = { class: 'system', component: 'sidecar' };

/** Says on `system/sidecar` what becomes of the containers; with `--print`, on standard error. */
export class LifeLog {
  readonly #sidecar: Sidecar | undefined;
  readonly #log: Log;

  /** @param log the command's own, on standard error */
  constructor(values: SidecarValues, log: Log) {
    if (values.print) {
      this.#log = log;
      return;
    }
    // Few and short: a queue of the default size would be memory for nothing.
    const options = { ...values, hwm: 1_000, hwmBytes: 1024 * 1024, overflow: 'drop-oldest' } as const;
    const sidecar = startSidecar(resolveFor(OWN, options), { normalizer: OWN_RECORDS });
    this.#sidecar = sidecar;
    this.#log = createLog('sidecar', (line) => sidecar.chunk('stdout', Buffer.from(line)));
  }

  /** For what concerns one container, or with no topic none of them. */
  of(topic: Topic | undefined, labels: Readonly<Record<string, string>> = {}): OnLife {
    const who =
      topic === undefined
        ? {}
        : topic.class === 'tenant'
          ? { tenant: topic.tenant, container: topic.container }
          : { component: topic.component };
    return ({ kind, msg, code, signal, fields }: LifeEvent) =>
      this.#log[kind === 'lost' ? 'warn' : 'info'](msg, {
        ...who,
        ...labels,
        ...fields,
        event: kind,
        ...(code !== undefined && { code }),
        ...(signal !== undefined && { signal }),
      });
  }

  async close(): Promise<void> {
    await this.#sidecar?.close();
  }
}

/** Our own records are complete, and speak of containers, which no container's may. */
const OWN_RECORDS = { record: (line: string) => `${line}\n` };

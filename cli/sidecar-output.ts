import type { CaptureSink, Pausable } from '../sidecar/capture/index.js';
import { startSidecar, type SidecarStats } from '../sidecar/sidecar.js';
import type { Log } from '../telemetry/index.js';
import type { Topic } from '../wire/topic.js';
import type { CommandIo } from './command.js';
import { logRefusedBy } from './curve-log.js';
import type { LinkWatch } from './link-watch.js';
import { Brake } from './sidecar-brake.js';
import { normalizerFor } from './sidecar-normalizer.js';
import { Printer } from './sidecar-print.js';
import { resolveFor, type SidecarValues } from './sidecar.js';

/** Where one container's output goes: out as records, or onto standard output. */
export interface Output extends CaptureSink {
  readonly brake: Brake;
  /** Values taken out of lines so far; undefined where none are to be. Final once `close` was called. */
  readonly redacted: number | undefined;
  /** Sends what is left within the flush timeout. Answers the account of what was sent, if anything was to be. */
  close(): Promise<SidecarStats | undefined>;
}

/** What every output of a command has in common. */
export interface OutputContext {
  readonly values: SidecarValues;
  readonly io: CommandIo;
  readonly log: Log;
  readonly link: LinkWatch;
}

/** @param source told to wait when the queue is full and the policy is `block`; asked for when it is needed */
export function openOutput(
  { values, io, log, link }: OutputContext,
  topic: Topic,
  source: () => Pausable,
  labels?: Readonly<Record<string, string>>,
): Output {
  const brake = new Brake(source);
  const normalizer = normalizerFor(topic, values, labels);
  const { maxLine, multiline } = values;
  const isRedacting = values.redact || values.redactField.length > 0 || values.redactPattern !== undefined;
  const redacted = () => (isRedacting ? normalizer.redacted : undefined);
  if (values.print) {
    const write = (records: string) => void io.stdout.write(records);
    const printer = new Printer({ normalizer, maxLine, multiline, write });
    return {
      brake,
      get redacted() {
        return redacted();
      },
      chunk: (stream, data, at) => printer.chunk(stream, data, at),
      async close() {
        printer.close();
        return undefined;
      },
    };
  }
  link.down();
  const sidecar = startSidecar(resolveFor(topic, values), {
    normalizer,
    maxLine,
    multiline,
    onPressure: (full) => (full ? brake.press('queue') : brake.release('queue')),
    onGiveWay: () => brake.tap(),
    isPaused: () => brake.pressed,
    onRefused: logRefusedBy(log),
    onLink: (isUp) => (isUp ? link.up() : link.down()),
    onSubscriptionFlood: () =>
      log.warn('the consolidator subscribes without end: it was cut off, to be rid of what it asked for'),
  });
  return {
    brake,
    get redacted() {
      return redacted();
    },
    chunk: (stream, data, at) => sidecar.chunk(stream, data, at),
    close: () => sidecar.close(),
  };
}

/** Says what a reader cannot be told by the ledgers, since nobody took them. Silent when nothing was lost. */
export function report(log: Log, stats: SidecarStats | undefined): void {
  if (stats === undefined) return;
  const { abandoned, untold } = stats;
  if (abandoned + untold === 0) return;
  const dropped = untold === 0 ? '' : `, ${untold} of which the full queue had dropped,`;
  log.warn(
    `${abandoned + untold} records${dropped} could not be delivered within the flush timeout: is the consolidator there (--to)?`,
    { ...stats },
  );
}

/** Says how much was taken out of an output whose end nobody tells of. */
export function reportRedacted(log: Log, { redacted }: Output, whose: string): void {
  if (redacted !== undefined)
    log.info(`${redacted} values were taken out of the lines of ${whose}`, { redacted });
}

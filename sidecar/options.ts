import type { CurveClient } from '../cluster/curve/dialer.js';
import { isSegment, type Topic } from '../wire/topic.js';
import { SidecarError } from './errors.js';

/** What a full queue does. `block` stops reading, and so in the end the application; it is never the default. */
export const SIDECAR_OVERFLOW_POLICIES = ['drop-oldest', 'drop-newest', 'block'] as const;

export type SidecarOverflow = (typeof SIDECAR_OVERFLOW_POLICIES)[number];

export interface SidecarOptions {
  /** Whose lines these are: `tenant` with `container`, or `component` for the system-wide class. */
  readonly topic: Topic;
  /** The consolidator's publish endpoint. */
  readonly to?: string;
  /** Most records that wait for the socket. */
  readonly hwm?: number;
  /** Most bytes that wait for the socket. */
  readonly hwmBytes?: number;
  readonly overflow?: SidecarOverflow;
  /** Longest body of one message in bytes; a longer single record travels alone. */
  readonly batchBytes?: number;
  /** How long the end of a run waits for the queue to empty, ms. */
  readonly flushTimeout?: number;
  /** A heartbeat goes out when nothing else did for so long, ms. */
  readonly heartbeat?: number;
  /**
   * After a lost connection came back, how long to keep holding records for a reader that has not subscribed again
   * yet, ms.
   */
  readonly hold?: number;
  /** Speak CURVE to the consolidator; without it, in clear. */
  readonly curve?: CurveClient | undefined;
}

export const DEFAULT_TO = 'tcp://127.0.0.1:5555';
/** A busy container prints a line a microsecond, and a busy VM's scheduler may take 50 ms to come round. */
export const DEFAULT_SIDECAR_HWM = 50_000;
export const DEFAULT_SIDECAR_HWM_BYTES = 16 * 1024 * 1024;
export const DEFAULT_SIDECAR_OVERFLOW: SidecarOverflow = 'drop-oldest';
export const DEFAULT_BATCH_BYTES = 64 * 1024;
export const DEFAULT_FLUSH_TIMEOUT_MS = 2_000;
export const DEFAULT_HEARTBEAT_MS = 1_000;
export const DEFAULT_HOLD_MS = 10_000;

export type ResolvedSidecarOptions = Required<SidecarOptions>;

/** Fills in the defaults and checks the words. */
export function resolveSidecarOptions(options: SidecarOptions): ResolvedSidecarOptions {
  const { topic } = options;
  const segments = topic.class === 'tenant' ? [topic.tenant, topic.container] : [topic.component];
  for (const segment of segments) {
    if (!isSegment(segment)) {
      throw new SidecarError(
        'name',
        `${JSON.stringify(segment)} cannot name a tenant, container or component: use 1 to 128 of A-Z a-z 0-9 . _ - (and not . or ..).`,
      );
    }
  }
  const overflow = options.overflow ?? DEFAULT_SIDECAR_OVERFLOW;
  if (!SIDECAR_OVERFLOW_POLICIES.includes(overflow)) {
    throw new SidecarError(
      'option',
      `overflow cannot be ${JSON.stringify(overflow)}: give one of ${SIDECAR_OVERFLOW_POLICIES.join(', ')}.`,
    );
  }
  return {
    topic,
    to: options.to ?? DEFAULT_TO,
    hwm: atLeast(1, 'hwm', options.hwm ?? DEFAULT_SIDECAR_HWM),
    hwmBytes: atLeast(1, 'hwmBytes', options.hwmBytes ?? DEFAULT_SIDECAR_HWM_BYTES),
    overflow,
    batchBytes: atLeast(1, 'batchBytes', options.batchBytes ?? DEFAULT_BATCH_BYTES),
    flushTimeout: atLeast(0, 'flushTimeout', options.flushTimeout ?? DEFAULT_FLUSH_TIMEOUT_MS),
    heartbeat: atLeast(1, 'heartbeat', options.heartbeat ?? DEFAULT_HEARTBEAT_MS),
    hold: atLeast(0, 'hold', options.hold ?? DEFAULT_HOLD_MS),
    curve: options.curve,
  };
}

/** The longest that a timer waits, ms, and more than any buffer of this machine holds. */
const MAX_OPTION = 2 ** 31 - 1;

/** Whole numbers only: `beat` in a ledger is one, and a fraction there would have every message refused. */
function atLeast(least: number, option: string, value: number): number {
  if (Number.isInteger(value) && value >= least && value <= MAX_OPTION) return value;
  throw new SidecarError(
    'option',
    `${option} cannot be ${value}: give a whole number from ${least} to ${MAX_OPTION}.`,
  );
}

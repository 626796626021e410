import { DEFAULT_MAX_SOURCES } from '../accounting/index.js';
import { DEFAULT_MAX_BODY_BYTES } from '../wire/index.js';
import { resolveAuthOptions, type AuthOptions } from './auth/index.js';

/** What a consumer's full buffer does. */
export const CONSUMER_OVERFLOW_POLICIES = ['drop-oldest', 'drop-newest', 'disconnect'] as const;

export type ConsumerOverflow = (typeof CONSUMER_OVERFLOW_POLICIES)[number];

export interface RelayOptions extends AuthOptions {
  /** Subscribe endpoints of consolidators, each with what else is to be said of it (`replay=…`). */
  readonly from?: readonly string[];
  /** Where to find more of them: `etcd://…`, `dns:…`, `dns+srv:…`, `file:…`. */
  readonly discover?: readonly string[];
  /** Where to serve HTTP. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port?: number;
  /** Listen beyond loopback although anybody who reaches it may read everything. */
  readonly insecure?: boolean;
  /** Names that a relay on loopback without tokens may be asked for, beside its own machine's. */
  readonly hostName?: readonly string[];
  /** Origins whose pages may read the streams. */
  readonly cors?: readonly string[];
  /** Addresses and networks of proxies that are believed when they say for whom they ask. */
  readonly trustProxy?: readonly string[];
  /** Consumers in all. */
  readonly maxConsumers?: number;
  /** Consumers of one tenant's streams; the system's streams count as one tenant. */
  readonly maxConsumersPerTenant?: number;
  /** Consumers from one address. */
  readonly maxConsumersPerAddress?: number;
  /** Connections in all, those without a consumer included; one more is closed at once. */
  readonly maxConnections?: number;
  /** A request must have come whole within so long, ms. */
  readonly requestTimeout?: number;
  /** File of the relay's secret CURVE key: with it, it speaks CURVE to every consolidator and nothing else. */
  readonly curveSecretKey?: string | undefined;
  /** Public key of the consolidators whose entry names none, or the file that holds it. */
  readonly curveServerKey?: string | undefined;
  /** File of the public keys that a consolidator may have; watched. Without it those that its entries name. */
  readonly curveAllow?: string | undefined;
  /** A consumer's buffer unless it asks for another, records. */
  readonly hwm?: number;
  /** A consumer's buffer unless it asks for another, bytes. */
  readonly hwmBytes?: number;
  /** The most that `?hwm=` may ask for, records. */
  readonly maxHwm?: number;
  /** The most bytes that one consumer's buffer may hold, whatever it asked for. */
  readonly maxHwmBytes?: number;
  /** The most that all consumers' buffers and pasts together may hold, bytes; what they share counts once. */
  readonly maxBufferedBytes?: number;
  readonly overflow?: ConsumerOverflow;
  /** Longest time that records are gathered under load before they are written, ms. */
  readonly maxCoalesce?: number;
  /** A comment goes to an idle SSE consumer so often, ms. */
  readonly keepalive?: number;
  /** A consumer is told of drops at most once in so many ms. */
  readonly noticeInterval?: number;
  /** A hub is kept for so long after its last consumer left, ms. */
  readonly hubLinger?: number;
  /** A stream is ended, and its reader asked to come back, when it is so old, ms; 0 for never. */
  readonly maxAge?: number;
  /** How long a draining relay lets its consumers take what is queued, ms. */
  readonly drainTimeout?: number;
  /** Spread of the reconnects that a draining relay asks for, ms. */
  readonly drainSpread?: number;
  /** The most that `?tail=` may ask for, records. */
  readonly maxTail?: number;
  /**
   * The most that is asked for of the past at a time, bytes: for one reader, which of more gets the latest, and to catch up
   * with consolidators. Four such pasts of readers have room at a time, in no more than half of `maxBufferedBytes`.
   */
  readonly maxReplayBytes?: number;
  /** Largest body of one message, bytes. */
  readonly maxBodyBytes?: number;
  readonly maxSources?: number;
  /** Messages that wait from one consolidator before its pipe is full. */
  readonly receiveHwm?: number;
}

export const DEFAULT_FROM = ['tcp://127.0.0.1:5556'] as const;
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8080;
export const DEFAULT_MAX_CONSUMERS = 20_000;
export const DEFAULT_MAX_CONSUMERS_PER_TENANT = 10_000;
export const DEFAULT_MAX_CONSUMERS_PER_ADDRESS = 1_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
export const DEFAULT_CONSUMER_HWM = 10_000;
export const DEFAULT_CONSUMER_HWM_BYTES = 16 * 1024 * 1024;
export const DEFAULT_MAX_HWM = 1_000_000;
export const DEFAULT_MAX_HWM_BYTES = 512 * 1024 * 1024;
export const DEFAULT_MAX_BUFFERED_BYTES = 1024 * 1024 * 1024;
export const DEFAULT_CONSUMER_OVERFLOW: ConsumerOverflow = 'drop-oldest';
export const DEFAULT_MAX_COALESCE_MS = 50;
export const DEFAULT_KEEPALIVE_MS = 15_000;
export const DEFAULT_NOTICE_INTERVAL_MS = 1_000;
export const DEFAULT_HUB_LINGER_MS = 2_000;
export const DEFAULT_DRAIN_TIMEOUT_MS = 5_000;
export const DEFAULT_DRAIN_SPREAD_MS = 2_000;
export const DEFAULT_MAX_TAIL = 10_000;
export const DEFAULT_MAX_REPLAY_BYTES = 64 * 1024 * 1024;
export const DEFAULT_RELAY_RECEIVE_HWM = 1_000;

export type ResolvedRelayOptions = Required<RelayOptions>;

/** Connections beyond those of the consumers: health checks, scrapes, requests that are turned away. */
const SPARE_CONNECTIONS = 1_000;

export function resolveRelayOptions(options: RelayOptions): ResolvedRelayOptions {
  const maxConsumers = options.maxConsumers ?? DEFAULT_MAX_CONSUMERS;
  return {
    ...resolveAuthOptions(options),
    // Where they are to be found, a default that nobody named is not one of them.
    from: options.from ?? (options.discover?.length ? [] : DEFAULT_FROM),
    discover: options.discover ?? [],
    host: options.host ?? DEFAULT_HOST,
    port: options.port ?? DEFAULT_PORT,
    insecure: options.insecure ?? false,
    hostName: options.hostName ?? [],
    cors: options.cors ?? [],
    trustProxy: options.trustProxy ?? [],
    maxConsumers,
    maxConsumersPerTenant: options.maxConsumersPerTenant ?? DEFAULT_MAX_CONSUMERS_PER_TENANT,
    maxConsumersPerAddress: options.maxConsumersPerAddress ?? DEFAULT_MAX_CONSUMERS_PER_ADDRESS,
    maxConnections: options.maxConnections ?? maxConsumers + SPARE_CONNECTIONS,
    requestTimeout: options.requestTimeout ?? DEFAULT_REQUEST_TIMEOUT_MS,
    curveSecretKey: options.curveSecretKey,
    curveServerKey: options.curveServerKey,
    curveAllow: options.curveAllow,
    hwm: options.hwm ?? DEFAULT_CONSUMER_HWM,
    hwmBytes: options.hwmBytes ?? DEFAULT_CONSUMER_HWM_BYTES,
    maxHwm: options.maxHwm ?? DEFAULT_MAX_HWM,
    maxHwmBytes: options.maxHwmBytes ?? DEFAULT_MAX_HWM_BYTES,
    maxBufferedBytes: options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
    overflow: options.overflow ?? DEFAULT_CONSUMER_OVERFLOW,
    maxCoalesce: options.maxCoalesce ?? DEFAULT_MAX_COALESCE_MS,
    keepalive: options.keepalive ?? DEFAULT_KEEPALIVE_MS,
    noticeInterval: options.noticeInterval ?? DEFAULT_NOTICE_INTERVAL_MS,
    hubLinger: options.hubLinger ?? DEFAULT_HUB_LINGER_MS,
    maxAge: options.maxAge ?? 0,
    drainTimeout: options.drainTimeout ?? DEFAULT_DRAIN_TIMEOUT_MS,
    drainSpread: options.drainSpread ?? DEFAULT_DRAIN_SPREAD_MS,
    maxTail: options.maxTail ?? DEFAULT_MAX_TAIL,
    maxReplayBytes: options.maxReplayBytes ?? DEFAULT_MAX_REPLAY_BYTES,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    maxSources: options.maxSources ?? DEFAULT_MAX_SOURCES,
    receiveHwm: options.receiveHwm ?? DEFAULT_RELAY_RECEIVE_HWM,
  };
}

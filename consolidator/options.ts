import { DEFAULT_MAX_SOURCES } from '../accounting/index.js';
import { DEFAULT_MAX_BODY_BYTES } from '../wire/index.js';

export interface ConsolidatorOptions {
  /** Where sidecars connect. */
  readonly publish?: string;
  /** Where relays connect. */
  readonly subscribe?: string;
  /** Where relays ask for the recent past; by default the port after `subscribe`'s, and any where that is any. */
  readonly replay?: string;
  /** The recent past that is remembered, bytes in all; 0 remembers nothing, and then nothing is sent that nobody reads. */
  readonly recentBytes?: number;
  /** Most records that are remembered of one topic. */
  readonly recentRecords?: number;
  /** Streams that publishers may send to, such as `tenant/acme`; whatever else they claim is refused. Without it all. */
  readonly accept?: readonly string[] | undefined;
  /** Listen beyond loopback although anybody who reaches it may read and write everything. */
  readonly insecure?: boolean;
  /** File of the secret CURVE key: with it all sockets speak CURVE and nothing else. */
  readonly curveSecretKey?: string | undefined;
  /** File of the public keys that sidecars may have; watched. Without it any key will do. */
  readonly curveAllowPublish?: string | undefined;
  /** File of the public keys that relays may have; watched. Without it any key will do. */
  readonly curveAllowSubscribe?: string | undefined;
  /** File of the public keys that may ask for the recent past; watched. Default those of the relays. */
  readonly curveAllowReplay?: string | undefined;
  /** Largest body of one message in bytes; a larger one is refused and counted. */
  readonly maxBodyBytes?: number;
  /** Messages that wait for one slow relay before ZeroMQ drops for it (and the relay finds it in the ledgers). */
  readonly sendHwm?: number;
  /** Messages that wait from one sidecar; small, since a sidecar's own queue counts what it drops. */
  readonly receiveHwm?: number;
  /** How long sidecars go on sending a stream whose last relay has left or lost its connection, ms. */
  readonly readerLinger?: number;
  /** Most streams that relays may ask for; what is asked for beyond is refused and counted. */
  readonly maxSubscriptions?: number;
  /** Most that one topic may send, bytes a second; what is beyond is dropped, and told as lost. 0 for no limit. */
  readonly maxTopicRate?: number;
  /** Most sources followed at a time. */
  readonly maxSources?: number;
}

export const DEFAULT_PUBLISH = 'tcp://127.0.0.1:5555';
export const DEFAULT_SUBSCRIBE = 'tcp://127.0.0.1:5556';
export const DEFAULT_RECENT_BYTES = 64 * 1024 * 1024;
/**
 * A reader that has lost its relay is back after some three seconds. So many records of one container are what it can
 * have missed at 3,000 lines a second; that nobody pushes out another's past is seen to in bytes.
 */
export const DEFAULT_RECENT_RECORDS = 10_000;
export const DEFAULT_SEND_HWM = 1_000;
export const DEFAULT_READER_LINGER_MS = 10_000;
export const DEFAULT_RECEIVE_HWM = 256;
/** A relay has one for each stream that somebody reads there. */
export const DEFAULT_MAX_SUBSCRIPTIONS = 50_000;
/**
 * About what one relay can write of one stream, so whoever sends more does it at others' cost: 600 thousand records of
 * 220 bytes. A program that does nothing but print can send more, and its readers are told of what was not taken.
 */
export const DEFAULT_MAX_TOPIC_RATE = 128 * 1024 * 1024;

export type ResolvedConsolidatorOptions = Required<ConsolidatorOptions>;

export function resolveConsolidatorOptions(options: ConsolidatorOptions): ResolvedConsolidatorOptions {
  const subscribe = options.subscribe ?? DEFAULT_SUBSCRIBE;
  return {
    publish: options.publish ?? DEFAULT_PUBLISH,
    subscribe,
    replay: options.replay ?? replayBeside(subscribe),
    recentBytes: options.recentBytes ?? DEFAULT_RECENT_BYTES,
    recentRecords: options.recentRecords ?? DEFAULT_RECENT_RECORDS,
    accept: options.accept,
    insecure: options.insecure ?? false,
    curveSecretKey: options.curveSecretKey,
    curveAllowPublish: options.curveAllowPublish,
    curveAllowSubscribe: options.curveAllowSubscribe,
    curveAllowReplay: options.curveAllowReplay ?? options.curveAllowSubscribe,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    sendHwm: options.sendHwm ?? DEFAULT_SEND_HWM,
    receiveHwm: options.receiveHwm ?? DEFAULT_RECEIVE_HWM,
    readerLinger: options.readerLinger ?? DEFAULT_READER_LINGER_MS,
    maxSubscriptions: options.maxSubscriptions ?? DEFAULT_MAX_SUBSCRIPTIONS,
    maxTopicRate: options.maxTopicRate ?? DEFAULT_MAX_TOPIC_RATE,
    maxSources: options.maxSources ?? DEFAULT_MAX_SOURCES,
  };
}

/** Where relays that know only the subscribe endpoint look for it. What has no port has no neighbour. */
export function replayBeside(subscribe: string): string {
  const [, host, port] = /^(tcp:\/\/.+):(\*|\d+)$/.exec(subscribe) ?? [];
  if (host === undefined || port === '65535') return 'tcp://127.0.0.1:*';
  return port === '*' || port === '0' ? subscribe : `${host}:${Number(port) + 1}`;
}

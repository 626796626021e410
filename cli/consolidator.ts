import {
  DEFAULT_MAX_SUBSCRIPTIONS,
  DEFAULT_PUBLISH,
  DEFAULT_RECEIVE_HWM,
  DEFAULT_RECENT_RECORDS,
  DEFAULT_SEND_HWM,
  DEFAULT_SUBSCRIBE,
  announceConsolidator,
  startConsolidator,
  type Consolidator,
} from '../consolidator/index.js';
import type { Announcement } from '../cluster/index.js';
import { createLog, type Log } from '../telemetry/index.js';
import { parseAddress } from './address.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { logAllowLists, logRefusedPeers } from './curve-log.js';
import { startMetrics } from './metrics.js';
import { MetricsError } from './metrics/errors.js';
import { serveMetrics } from './metrics/server.js';
import { notifyReady } from './notify.js';
import { untilStopped } from './stop.js';

export const command = defineCommand({
  name: 'consolidator',
  summary: "one per VM: takes in the sidecars' records and gives them to the relays",
  usage: [
    'spillway consolidator [--publish <endpoint>] [--subscribe <endpoint>] [--replay <endpoint>] [--announce etcd://…]',
  ],
  options: {
    publish: { type: 'string', default: DEFAULT_PUBLISH, value: 'endpoint', help: 'where sidecars connect' },
    subscribe: {
      type: 'string',
      default: DEFAULT_SUBSCRIBE,
      value: 'endpoint',
      help: 'where relays connect',
    },
    replay: {
      type: 'string',
      value: 'endpoint',
      help: "where relays ask for the recent past; by default the port after --subscribe's",
    },
    recentBytes: {
      type: 'bytes',
      default: '64MiB',
      min: 0,
      help: 'the recent past that is remembered, in all; 0 remembers nothing',
    },
    recentRecords: {
      type: 'integer',
      default: DEFAULT_RECENT_RECORDS,
      min: 1,
      unit: 'records',
      help: 'the most that is remembered of one container',
    },
    announce: {
      type: 'string',
      value: 'etcd://…',
      help: 'the directory to tell relays of it in, such as etcd://10.0.0.1:2379/spillway',
    },
    advertise: {
      type: 'string',
      value: 'host',
      help: 'the address or name that it tells them; without it the one that is bound',
    },
    insecure: {
      type: 'flag',
      default: false,
      help: 'listen beyond loopback without CURVE and allow-lists, although anybody who reaches it may then read and write everything',
    },
    curveSecretKey: {
      type: 'string',
      value: 'file',
      help: 'its secret CURVE key, from spillway keygen: with it all sockets speak CURVE and nothing else',
    },
    curveAllowPublish: {
      type: 'string',
      value: 'file',
      help: 'the public keys of the sidecars that are let in; watched, without it any',
    },
    curveAllowSubscribe: {
      type: 'string',
      value: 'file',
      help: 'the public keys of the relays that are let in; watched, without it any',
    },
    curveAllowReplay: {
      type: 'string',
      value: 'file',
      help: 'the public keys that may ask for the recent past; without it those of the relays',
    },
    accept: {
      type: 'list',
      value: 'stream',
      help: 'the only streams that sidecars may send to, such as tenant/acme,system/cron; without it all',
    },
    maxBody: { type: 'bytes', default: '1MiB', min: 1024, help: 'largest message that is accepted' },
    maxTopicRate: {
      type: 'bytes',
      default: '128MiB',
      help: 'the most that one topic may send a second, or 0; what is beyond is dropped and told as lost',
    },
    maxSubscriptions: {
      type: 'integer',
      default: DEFAULT_MAX_SUBSCRIPTIONS,
      min: 1,
      unit: 'streams',
      help: 'the most that relays may ask for',
    },
    sendHwm: {
      type: 'integer',
      default: DEFAULT_SEND_HWM,
      min: 1,
      unit: 'messages',
      help: 'what waits for one slow relay before it loses some',
    },
    receiveHwm: {
      type: 'integer',
      default: DEFAULT_RECEIVE_HWM,
      min: 1,
      unit: 'messages',
      help: 'what waits from one sidecar',
    },
    http: {
      type: 'string',
      default: '127.0.0.1:9090',
      value: 'host:port',
      help: 'where to serve /metrics and /healthz; off for nowhere',
    },
  },
  notes: [
    'OTLP export of its metrics is set up by the standard OTEL_… variables.',
    'It keeps everything in memory and writes nothing to disk. SIGTERM ends it with 0, Ctrl-C with 130.',
  ],
});

export async function run({ values, sources }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const log = createLog('consolidator', (line) => io.stderr.write(line));
  const stopped = untilStopped();
  const http = values.http === 'off' ? undefined : parseAddress('http', values.http);
  // The default port is Prometheus's own: an address that nobody named must not keep the records from flowing.
  const passOver = (error: unknown) => {
    if (!(error instanceof MetricsError) || sources.http !== 'default') throw error;
    log.warn(error.message);
    return undefined;
  };
  const metrics = await startMetrics('consolidator', { scraped: http !== undefined, env: io.env, log });
  const server = http && (await serveMetrics(http, metrics).catch(passOver));
  const onSubscriptionFlood = (refused: number) =>
    log.warn('a relay subscribes without end: all of them were cut off, to be rid of what it asked for', {
      refused,
    });
  const { maxBody, replay: replayAt, accept, ...options } = values;
  const consolidator = await startConsolidator(
    {
      ...options,
      // A list that was given and left empty is a mistake, and not the same as none.
      accept: sources.accept === 'none' ? undefined : accept,
      ...(replayAt !== undefined && { replay: replayAt }),
      maxBodyBytes: maxBody,
    },
    { ...logAllowLists(log), onRefused: logRefusedPeers(log), onSubscriptionFlood },
  );
  const { announce, advertise } = values;
  const announcement = await announceTo(consolidator, announce, advertise, log);
  const { node, publish, subscribe, replay, curveKey } = consolidator;
  log.info(`ready: sidecars publish to ${publish}, relays subscribe to ${subscribe}`, {
    node,
    publish,
    subscribe,
    replay,
    ...(curveKey !== undefined && { curveKey }),
    ...(server && { http: server.url }),
  });
  const systemd = notifyReady(io.env, log.warn);
  const { signal, code } = await stopped;
  systemd.stopping();
  await announcement?.close();
  await consolidator.close();
  await server?.close();
  await metrics?.close();
  log.info(`ended by ${signal}`, { ...consolidator.stats });
  return code;
}

/** A mistake in what to tell ends the start; a directory that is down does not. */
async function announceTo(
  consolidator: Consolidator,
  to: string | undefined,
  advertise: string | undefined,
  log: Log,
): Promise<Announcement | undefined> {
  if (to === undefined) return undefined;
  try {
    return announceConsolidator(
      consolidator,
      { to, ...(advertise !== undefined && { advertise }) },
      {
        onAnnounced: () => log.info(`announced in ${to}`),
        onProblem: ({ message }) =>
          log.warn(`cannot announce itself: ${message}; trying again`, { directory: to }),
      },
    );
  } catch (error) {
    await consolidator.close();
    throw error;
  }
}

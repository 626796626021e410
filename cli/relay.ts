import {
  CONSUMER_OVERFLOW_POLICIES,
  DEFAULT_CONSUMER_HWM,
  DEFAULT_CONSUMER_OVERFLOW,
  DEFAULT_FROM,
  DEFAULT_HOST,
  DEFAULT_MAX_HWM,
  DEFAULT_MAX_TAIL,
  DEFAULT_PORT,
  startRelay,
} from '../relay/index.js';
import { splitSources } from '../cluster/index.js';
import { createLog } from '../telemetry/index.js';
import { parseAddress } from './address.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { logAllowLists, logRefusedBy } from './curve-log.js';
import { startMetrics } from './metrics.js';
import { serveMetrics } from './metrics/server.js';
import { ACCESS_NOTES, ACCESS_OPTIONS, logGate } from './relay-access.js';
import { notifyReady } from './notify.js';
import { untilStopped } from './stop.js';

export const command = defineCommand({
  name: 'relay',
  summary: 'at the edge: reads every VM and serves the streams over HTTP',
  usage: ['spillway relay [--from <endpoint>,… | --discover <url>] [--listen <host:port>]'],
  options: {
    from: {
      type: 'list',
      default: DEFAULT_FROM.join(','),
      value: 'endpoint',
      help: 'subscribe endpoints of the consolidators',
    },
    discover: {
      type: 'list',
      value: 'url',
      help: 'where to find the consolidators instead: etcd://host:port,…/prefix, dns:name:port, dns+srv:name or file:path; may be given again',
    },
    listen: {
      type: 'string',
      default: `${DEFAULT_HOST}:${DEFAULT_PORT}`,
      value: 'host:port',
      help: 'where to serve HTTP',
    },
    insecure: {
      type: 'flag',
      default: false,
      help: 'listen beyond loopback although anybody who reaches it may read everything, and read consolidators there without CURVE',
    },
    curveSecretKey: {
      type: 'string',
      value: 'file',
      help: 'its secret CURVE key, from spillway keygen: with it, it speaks CURVE to every consolidator and nothing else',
    },
    curveServerKey: {
      type: 'string',
      value: 'key|file',
      help: 'public key of the consolidators whose entry names none',
    },
    curveAllow: {
      type: 'string',
      value: 'file',
      help: 'the public keys that consolidators may have; watched, without it those that their entries name',
    },
    ...ACCESS_OPTIONS,
    metrics: {
      type: 'string',
      value: 'host:port',
      help: 'where to serve /metrics to whoever asks; without it that is done where HTTP is, to operators',
    },
    hwm: {
      type: 'integer',
      default: DEFAULT_CONSUMER_HWM,
      min: 1,
      unit: 'records',
      help: "a consumer's buffer, unless it asks for another with ?hwm=",
    },
    hwmBytes: {
      type: 'bytes',
      default: '16MiB',
      min: 1024,
      help: "a consumer's buffer, unless it asks for more records",
    },
    maxHwm: {
      type: 'integer',
      default: DEFAULT_MAX_HWM,
      min: 1,
      unit: 'records',
      help: 'the most that ?hwm= may ask for',
    },
    maxHwmBytes: {
      type: 'bytes',
      default: '512MiB',
      min: 1024,
      help: "the most that one consumer's buffer may hold",
    },
    maxBufferedBytes: {
      type: 'bytes',
      default: '1GiB',
      min: 1024 * 1024,
      help: "the most that all consumers' buffers and pasts together may hold",
    },
    overflow: {
      type: 'choice',
      choices: CONSUMER_OVERFLOW_POLICIES,
      default: DEFAULT_CONSUMER_OVERFLOW,
      help: 'what a full buffer does, unless the consumer asks for another with ?overflow=',
    },
    maxCoalesce: {
      type: 'duration',
      default: '50ms',
      help: 'longest time that records are gathered under load',
    },
    keepalive: {
      type: 'duration',
      default: '15s',
      min: 100,
      help: 'how often an idle SSE consumer gets a comment',
    },
    maxTail: {
      type: 'integer',
      default: DEFAULT_MAX_TAIL,
      min: 0,
      unit: 'records',
      help: 'the most that ?tail= may ask for',
    },
    maxReplayBytes: {
      type: 'bytes',
      default: '64MiB',
      min: 1024,
      help: 'the most that is asked for of the past at a time: for a reader, of more the latest, and to catch up; four readers have room at a time',
    },
    maxAge: {
      type: 'duration',
      default: '0s',
      help: 'ask each reader to connect anew when its stream is so old, so that relays share them evenly; 0 for never',
    },
    drainTimeout: {
      type: 'duration',
      default: '5s',
      help: 'how long consumers may take what is queued at the end',
    },
    drainSpread: {
      type: 'duration',
      default: '2s',
      help: 'over how long they are asked to spread their reconnects',
    },
  },
  notes: [
    ...ACCESS_NOTES,
    'An entry of --from, or a line of a file, may name a replay endpoint that is not the next port, and a public CURVE key: tcp://10.0.0.1:5556 replay=tcp://10.0.0.1:6000 key=….',
    'The web viewer is at /.',
    'Its metrics are at /metrics, and its consumers at /v1/consumers; OTLP export is set up by the standard OTEL_… variables.',
    'SIGTERM drains: consumers get what is queued, then a `bye`. Then it ends with 0, after Ctrl-C with 130.',
    'Streams: /v1/logs/tenant/<tenant>[/<container>] and /v1/logs/system[/<component>], as text, NDJSON or Server-Sent Events by Accept or ?format=.',
  ],
});

export async function run({ values, sources }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const log = createLog('relay', (line) => io.stderr.write(line));
  const { listen, metrics: metricsAt, ...rest } = values;
  const discover = splitSources(values.discover);
  // What is to be found replaces the default, and joins what was named.
  const from = discover.length > 0 && sources.from === 'default' ? [] : values.from;
  const { host, port } = parseAddress('listen', listen);
  const apart = metricsAt === undefined ? undefined : parseAddress('metrics', metricsAt);
  const stopped = untilStopped();
  const metrics = await startMetrics('relay', { scraped: true, env: io.env, log });
  const server = apart && (await serveMetrics(apart, metrics, 'metrics'));
  const relay = await startRelay(
    { ...rest, from, discover, host, port },
    {
      onConsolidators: (entries) => log.info(`knows of ${entries.length} consolidators`, { entries }),
      onDiscoveryProblem: ({ source, error }) => log.warn(`discovery: ${error.message}`, { source }),
      onDiscoveryRecovered: (source) => log.info('discovery: it answers again', { source }),
      ...logGate(log),
      ...(metrics && !server && { metrics }),
      ...logAllowLists(log),
      onRefused: logRefusedBy(log),
      onError: (error) =>
        log.error(error.message, { err: { name: error.name, message: error.message, stack: error.stack } }),
    },
  );
  const reads = [...from, ...discover];
  log.info(`ready: ${relay.url} (the viewer at /) reads ${reads.join(', ')}`, {
    url: relay.url,
    from: reads,
    ...(server && { metrics: server.url }),
  });
  const systemd = notifyReady(io.env, log.warn);
  const { signal, code } = await stopped;
  systemd.stopping();
  log.info(`draining after ${signal}`, { consumers: relay.core.size });
  await relay.close();
  await server?.close();
  await metrics?.close();
  log.info('ended', { ...relay.core.intake.stats });
  return code;
}

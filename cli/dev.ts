import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PUBLISH, DEFAULT_SUBSCRIBE, startConsolidator } from '../consolidator/index.js';
import { DEFAULT_HOST, DEFAULT_PORT, startRelay } from '../relay/index.js';
import { attachExec, launch, Passthrough } from '../sidecar/capture/index.js';
import { createNormalizer } from '../sidecar/normalize/index.js';
import { resolveSidecarOptions } from '../sidecar/options.js';
import { startSidecar, type Sidecar } from '../sidecar/sidecar.js';
import { createLog } from '../telemetry/index.js';
import { formatTopic, type Topic } from '../wire/index.js';
import { parseAddress } from './address.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { UsageError } from './errors.js';
import { startMetrics } from './metrics.js';

export const command = defineCommand({
  name: 'dev',
  summary: 'all parts in one process, to try it out',
  usage: ['spillway dev [options]', 'spillway dev [options] -- <command> [args]'],
  options: {
    tenant: {
      type: 'string',
      short: 't',
      default: 'acme',
      value: 'name',
      help: 'whose container the command is',
    },
    container: {
      type: 'string',
      short: 'c',
      default: 'web-1',
      value: 'name',
      help: 'the name of the container',
    },
    listen: {
      type: 'string',
      default: `${DEFAULT_HOST}:${DEFAULT_PORT}`,
      value: 'host:port',
      help: 'where the relay serves HTTP',
    },
    publish: {
      type: 'string',
      default: DEFAULT_PUBLISH,
      value: 'endpoint',
      help: 'where further sidecars may connect',
    },
    subscribe: {
      type: 'string',
      default: DEFAULT_SUBSCRIBE,
      value: 'endpoint',
      help: 'where further relays may connect',
    },
    examplePort: {
      type: 'integer',
      default: 3000,
      min: 0,
      max: 65535,
      help: 'port of the example, 0 for any',
    },
  },
  rest: { name: 'command', help: 'what to run; without it, an example webtask host that ships' },
  notes: [
    'Without a command it runs a small webtask host: an HTTP server that runs a function per request and prints as functions do.',
    "It goes on serving when the command has ended, until Ctrl-C. The parts' own logs are the stream system/spillway.",
  ],
});

/** The three parts in one process; the command is a process of its own, as it would be in a container. */
export async function run({ values, rest }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const say = (text: string) => io.stderr.write(`${text}\n`);
  const { host, port } = parseAddress('listen', values.listen);
  const { publish, subscribe } = values;
  let own: Sidecar | undefined;
  const log = createLog('dev', (line) => {
    if (own === undefined) io.stderr.write(line);
    else own.chunk('stdout', Buffer.from(line));
  });
  // Before the parts: instruments that were created earlier are never read.
  const metrics = await startMetrics('dev', { scraped: true, env: io.env, log });
  const consolidator = await startConsolidator({ publish, subscribe }).catch(explain);
  const relay = await startRelay(
    { from: [`${consolidator.subscribe} replay=${consolidator.replay}`], host, port },
    metrics && { metrics },
  ).catch(async (error: unknown) => {
    await consolidator.close();
    return explain(error);
  });
  own = sidecarFor({ class: 'system', component: 'spillway' }, consolidator.publish);
  const topic = { class: 'tenant', tenant: values.tenant, container: values.container } as const;
  const sidecar = sidecarFor(topic, consolidator.publish);

  const isExample = rest.length === 0;
  const launched = launch(isExample ? exampleCommand(values.examplePort) : rest);
  // What the command prints is seen here too, as it would be without Spillway.
  const passthrough = new Passthrough();
  let example: string | undefined;
  let onAddress: (() => void) | undefined;
  const capture = attachExec(launched, {
    chunk(stream, data) {
      passthrough.chunk(stream, data);
      sidecar.chunk(stream, data);
      if (!isExample || example !== undefined) return;
      example = LISTENING.exec(data.toString())?.[1];
      if (example !== undefined) onAddress?.();
    },
  });

  // The capture hands these signals on to the command; when that has gone, the parts follow.
  let asked: Stop | undefined;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of Object.keys(EXIT_CODES) as Stop[]) {
      process.on(signal, () => {
        asked ??= signal;
        resolve();
      });
    }
  });
  if (isExample) await Promise.race([new Promise<void>((resolve) => (onAddress = resolve)), capture.ended]);
  greet(say, relay.url, topic, example);
  log.info('ready', { relay: relay.url, publish: consolidator.publish, subscribe: consolidator.subscribe });
  const end = await capture.ended;
  capture.close();
  const stats = await sidecar.close();
  log.info(`the command ended with ${end.code}`, { code: end.code, ...stats });
  if (asked === undefined) say(`spillway: the command ended with ${end.code}; still serving, Ctrl-C ends it`);
  await stopped;
  await passthrough.flush(FLUSH_MS);
  await own.close();
  await relay.close();
  await consolidator.close();
  await metrics?.close();
  return asked === undefined ? 0 : EXIT_CODES[asked];
}

/** What the parts say of keys and tokens would be of options that are not here. */
function explain(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'insecure') throw error;
  throw new UsageError(
    '--listen, --publish and --subscribe must be on loopback, since dev asks nobody who they are; spillway consolidator and spillway relay can ask for keys and tokens',
  );
}

/** What ends it, and the code that it then ends with. A terminal that is closed hangs up. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 0, SIGHUP: 129 } as const;

type Stop = keyof typeof EXIT_CODES;

const FLUSH_MS = 500;

function sidecarFor(topic: Topic, to: string): Sidecar {
  const name = topic.class === 'tenant' ? topic.container : topic.component;
  const who = topic.class === 'tenant' ? { tenant: topic.tenant, container: topic.container } : {};
  return startSidecar(resolveSidecarOptions({ topic, to }), {
    normalizer: createNormalizer({ name, hostname: hostname(), pid: process.pid, ...who }),
    multiline: true,
  });
}

function exampleCommand(port: number): string[] {
  return [
    process.execPath,
    fileURLToPath(new URL('example/webtask.js', import.meta.url)),
    '--port',
    String(port),
  ];
}

/** How the example says where it is. */
const LISTENING = /listening on (http:\/\/\S+)/;

function greet(say: (text: string) => void, url: string, topic: Topic, example: string | undefined): void {
  const stream = formatTopic(topic).slice(0, -1);
  say('');
  say(`  Spillway is ready at ${url}`);
  say('');
  say(`  in the browser   ${url}/#${stream}`);
  say(`  read the logs    curl -N ${url}/v1/logs/${stream}`);
  // In quotes: to zsh a question mark is a pattern.
  if (example !== undefined) say(`  cause some       curl '${example}/hello?name=you'`);
  say(`  as events        curl -N -H 'Accept: text/event-stream' ${url}/v1/logs/${stream}`);
  say(`  its own logs     curl -N ${url}/v1/logs/system/spillway`);
  say('');
}

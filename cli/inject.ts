import { DEFAULT_INJECT_TO, startInjectServer, SYSTEM_NAMESPACES } from '../inject/index.js';
import { createLog } from '../telemetry/index.js';
import { parseAddress } from './address.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { UsageError } from './errors.js';
import { startMetrics } from './metrics.js';
import { untilStopped } from './stop.js';

export const command = defineCommand({
  name: 'inject',
  summary: 'a Kubernetes webhook that puts the sidecar into pods',
  usage: ['spillway inject --image <image> --cert <file> --key <file> [--listen <host:port>]'],
  options: {
    listen: {
      type: 'string',
      default: '127.0.0.1:8443',
      value: 'host:port',
      help: 'where to serve HTTPS',
    },
    cert: { type: 'string', required: true, value: 'file', help: 'PEM of the certificate and its chain' },
    key: {
      type: 'string',
      required: true,
      value: 'file',
      help: 'PEM of its key; both are read again when they change',
    },
    image: {
      type: 'string',
      required: true,
      value: 'image',
      help: 'the image with this program that pods get',
    },
    to: {
      type: 'string',
      default: DEFAULT_INJECT_TO,
      value: 'endpoint',
      env: false,
      help: "the consolidator's publish endpoint as the pods reach it; $(SPILLWAY_NODE) is their node's address",
    },
    excludeNamespaces: {
      type: 'list',
      value: 'name',
      help: `never touched, as ${SYSTEM_NAMESPACES.join(', ')} never are`,
    },
    trustTenant: {
      type: 'flag',
      default: false,
      help: "take a pod's annotation spillway.logs/tenant for whose logs they are; else they are its namespace's",
    },
    sidecarSecret: {
      type: 'string',
      value: 'name',
      help: "a secret in the pod's namespace with sidecar.key and consolidator.pub: its sidecar speaks CURVE",
    },
    sidecarEnv: {
      type: 'list',
      value: 'SPILLWAY_…=…',
      help: 'further options of the sidecar, as environment variables',
    },
  },
  notes: [
    'A pod asks for it, or refuses it, by the annotation or label spillway.logs/inject: wrapper, sidecar, true or false; a namespace by the same label, for all of its pods. The annotation spillway.logs/containers names some of its containers.',
    'wrapper runs the command of each container under the sidecar; it must be written in the pod. sidecar is a container beside them that reads the log files of the pod on its node.',
    'It never refuses a pod. What it could not do is a warning to whoever makes the pod.',
  ],
});

export async function run({ values }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const log = createLog('inject', (line) => io.stderr.write(line));
  const { listen, sidecarEnv, ...rest } = values;
  const wrong = sidecarEnv.find((word) => !/^SPILLWAY_[A-Z_]+=/.test(word));
  if (wrong !== undefined) {
    throw new UsageError(`--sidecar-env takes SPILLWAY_<OPTION>=<value>, not ${JSON.stringify(wrong)}`);
  }
  const stopped = untilStopped();
  const metrics = await startMetrics('inject', { scraped: true, env: io.env, log });
  const server = await startInjectServer(
    { ...rest, ...parseAddress('listen', listen), env: sidecarEnv },
    {
      onAnswer: ({ namespace, changed, warnings }) =>
        log.info(changed ? 'injected' : 'left as it is', { namespace, warnings }),
      onCertificate: () => log.info('the certificate was read again'),
      onError: (error) =>
        log.error(error.message, { err: { name: error.name, message: error.message, stack: error.stack } }),
      ...(metrics && { metrics }),
    },
  );
  log.info(`ready: ${server.url}`, { url: server.url });
  const { signal, code } = await stopped;
  await server.close();
  await metrics?.close();
  log.info(`ended by ${signal}`, { ...server.stats });
  return code;
}

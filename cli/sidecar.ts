// The command must start before anything slow is loaded, so this module imports only what is needed to launch it:
// options, the topic grammar and node:child_process. ZeroMQ and the rest come while the command is starting up.
import { CaptureError } from '../sidecar/capture/errors.js';
import { launch } from '../sidecar/capture/launch.js';
import { DEFAULT_MAX_CONTAINERS, parseSource, type Source } from '../sidecar/capture/source.js';
import {
  DEFAULT_SIDECAR_HWM,
  DEFAULT_SIDECAR_OVERFLOW,
  DEFAULT_TO,
  resolveSidecarOptions,
  SIDECAR_OVERFLOW_POLICIES,
  type ResolvedSidecarOptions,
} from '../sidecar/options.js';
import { SidecarError } from '../sidecar/errors.js';
import type { CurveClient } from '../cluster/curve/dialer.js';
import type { Topic } from '../wire/topic.js';
import { parseAddress } from './address.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { UsageError } from './errors.js';

/** Each has two of the 1,023 sockets that a ZeroMQ context has. */
const MOST_CONTAINERS = 500;

export const command = defineCommand({
  name: 'sidecar',
  summary: 'one per container: runs a command and publishes what it prints',
  usage: [
    'spillway sidecar --tenant <name> --container <name> [options] -- <command> [args]',
    '<program> | spillway sidecar --system <component> [options]',
    'spillway sidecar --source <source> [options]',
  ],
  options: {
    tenant: { type: 'string', short: 't', value: 'name', help: 'whose container it is' },
    container: { type: 'string', short: 'c', value: 'name', help: 'the name of the container' },
    system: { type: 'string', value: 'component', help: 'publish to the system-wide class instead' },
    source: {
      type: 'string',
      value: 'source',
      help: 'exec, stdin, fifo:<out>[,<err>], docker:<container>[@<socket>] or cri:<file, folder or glob> (default: exec with a command, else stdin)',
    },
    history: {
      type: 'duration',
      default: '10s',
      help: 'how much of what docker or cri hold already is sent at the start',
    },
    maxContainers: {
      type: 'integer',
      default: DEFAULT_MAX_CONTAINERS,
      min: 1,
      max: MOST_CONTAINERS,
      unit: 'containers',
      help: 'most that are followed at a time (cri)',
    },
    pod: {
      type: 'string',
      value: 'namespace/pod',
      help: "whose folder it is, where its path does not say so: a mount of one pod's own (cri)",
    },
    only: { type: 'list', value: 'container', help: 'follow these containers of a pod and no others (cri)' },
    skip: { type: 'list', value: 'container', help: 'do not follow these containers of a pod (cri)' },
    to: {
      type: 'string',
      default: DEFAULT_TO,
      value: 'endpoint',
      help: "the consolidator's publish endpoint",
    },
    curveServerKey: {
      type: 'string',
      value: 'key|file',
      help: "the consolidator's public key: speak CURVE, and to it alone",
    },
    curveSecretKey: {
      type: 'string',
      value: 'file',
      help: 'secret CURVE key of this sidecar, from spillway keygen; without it one for this run',
    },
    hwm: {
      type: 'integer',
      default: DEFAULT_SIDECAR_HWM,
      min: 1,
      unit: 'records',
      help: 'most records that wait for the consolidator',
    },
    hwmBytes: {
      type: 'bytes',
      default: '16MiB',
      min: 1024,
      help: 'most bytes that wait for the consolidator (cri: 256KiB a container)',
    },
    overflow: {
      type: 'choice',
      choices: SIDECAR_OVERFLOW_POLICIES,
      default: DEFAULT_SIDECAR_OVERFLOW,
      help: 'what a full queue does; only block ever holds up the application, and with docker and cri, where it is the default, not even that',
    },
    maxLine: { type: 'bytes', default: '256KiB', min: 16, help: 'a longer line is cut and marked' },
    multiline: { type: 'flag', default: false, help: 'join the lines of a stack trace into one record' },
    levelForStdout: {
      type: 'string',
      default: 'info',
      value: 'level',
      help: 'level of a line on stdout that says none',
    },
    levelForStderr: {
      type: 'string',
      default: 'error',
      value: 'level',
      help: 'level of a line on stderr that says none',
    },
    field: { type: 'list', value: 'k=v', help: 'added to every record' },
    redact: { type: 'flag', default: false, help: 'take out what looks like a password, token or key' },
    redactField: { type: 'list', value: 'name', help: 'take out the values of fields of this name' },
    redactPattern: {
      type: 'string',
      value: 'regexp',
      help: 'take out what matches; no repetition in a repetition, as in (a+)+, which a hostile line turns into a halt',
    },
    print: { type: 'flag', default: false, help: 'write the records to stdout, and connect nowhere' },
    passthrough: {
      type: 'flag',
      default: true,
      help: 'write what is captured to stdout and stderr as well (exec, stdin, fifo)',
    },
    http: {
      type: 'string',
      default: 'off',
      value: 'host:port',
      help: 'where to serve /metrics and /healthz, or off',
    },
    flushTimeout: {
      type: 'duration',
      default: '2s',
      help: 'how long the end waits for what is still queued',
    },
  },
  rest: { name: 'command', help: 'what to run; without it, standard input is read' },
  notes: [
    "It exits with the command's code, with 128+n if signal n ended it, with 127 if there is no such command and with 126 if it cannot be run. Signals are handed on to it.",
    'Each line becomes one bunyan record. Lines that nobody asks for are counted, not sent.',
    'What starts, ends or is lost is told on the stream system/sidecar.',
    'With cri, tenant and container are the namespace and <pod>.<container> of the path, unless you say otherwise; with docker, container is its name.',
  ],
});

export async function run(parsed: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const { values, rest } = parsed;
  const source = sourceOf(values, rest);
  checkNames(values, source);
  // A file or an engine keeps what we do not read, so a queue that is full need not drop.
  const overflow = parsed.sources.overflow === 'default' && isKept(source) ? 'block' : values.overflow;
  const hwmBytes =
    parsed.sources.hwmBytes === 'default' && source.kind === 'cri' ? HWM_BYTES_OF_MANY : values.hwmBytes;
  if (parsed.sources.passthrough === 'argv' && values.passthrough && isKept(source))
    throw new UsageError(`--passthrough is not for ${source.kind}, whose engine has the output already`);
  const http = values.http === 'off' ? undefined : parseAddress('http', values.http);
  const curve = await curveOf(values);
  // Before the slow part.
  const launched = source.kind === 'exec' ? launch(rest) : undefined;
  const { runSidecar } = await import('./sidecar-run.js');
  return runSidecar(source, { ...values, overflow, hwmBytes, curve }, launched, http, io);
}

/**
 * A key that cannot be used is told of before the command starts, and not when its output has nowhere to go. Who gives
 * none pays for no module.
 */
async function curveOf(values: OptionValues): Promise<CurveClient | undefined> {
  const { curveServerKey, curveSecretKey } = values;
  if (curveServerKey === undefined) {
    if (curveSecretKey === undefined) return undefined;
    throw new UsageError(
      "--curve-secret-key needs the consolidator's --curve-server-key too",
      'missing-option',
    );
  }
  const { generateKeyPair } = await import('../cluster/curve/keys.js');
  const { readKeyPair, readPublicKey } = await import('../cluster/curve/key-file.js');
  const keys = curveSecretKey === undefined ? generateKeyPair() : readKeyPair(curveSecretKey);
  return { keys, serverKey: readPublicKey(curveServerKey) };
}

/** For what there may be hundreds of. */
const HWM_BYTES_OF_MANY = 256 * 1024;

/** Whoever owns the output keeps it, read or not. */
export function isKept({ kind }: Source): boolean {
  return kind === 'docker' || kind === 'cri';
}

function sourceOf({ source: word }: SidecarValues, command: readonly string[]): Source {
  let source: Source;
  try {
    source = parseSource(word ?? (command.length > 0 ? 'exec' : 'stdin'));
  } catch (error) {
    if (error instanceof CaptureError) throw new UsageError(`--source: ${error.message}`);
    throw error;
  }
  if (source.kind === 'exec' && command.length === 0)
    throw new UsageError('--source exec needs a command after --', 'missing-argument');
  if (source.kind !== 'exec' && command.length > 0)
    throw new UsageError(`--source ${source.kind} runs no command, and there is one after --`);
  return source;
}

/** What can be wrong with names before anything is captured. */
function checkNames(values: SidecarValues, source: Source): void {
  const { tenant, container, system } = values;
  if (system !== undefined && (tenant !== undefined || container !== undefined)) throw unnamed();
  if (system === undefined && source.kind !== 'cri') {
    if (tenant === undefined || (container === undefined && source.kind !== 'docker')) throw unnamed();
  }
  // Also checks the numbers and the names that are there.
  resolveFor({ class: 'tenant', tenant: tenant ?? 'any', container: container ?? 'any' }, values);
  if (system !== undefined) resolveFor({ class: 'system', component: system }, values);
}

function unnamed(): UsageError {
  return new UsageError('say whose output it is: --tenant and --container, or --system');
}

/** The topic of what the user and the source have named; undefined if they left something out. */
export function topicOf(
  { tenant, container, system }: SidecarValues,
  known: { readonly tenant?: string; readonly container?: string } = {},
): Topic | undefined {
  if (system !== undefined) return { class: 'system', component: system };
  const [whose, which] = [tenant ?? known.tenant, container ?? known.container];
  return whose === undefined || which === undefined
    ? undefined
    : { class: 'tenant', tenant: whose, container: which };
}

export function resolveFor(topic: Topic, values: SidecarValues): ResolvedSidecarOptions {
  const { to, hwm, hwmBytes, overflow, flushTimeout, curve } = values;
  try {
    return resolveSidecarOptions({ topic, to, hwm, hwmBytes, overflow, flushTimeout, curve });
  } catch (error) {
    if (error instanceof SidecarError) throw new UsageError(error.message);
    throw error;
  }
}

type OptionValues = ParsedFor<typeof command>['values'];

/** The options, and what the files say that some of them name. */
export type SidecarValues = OptionValues & { readonly curve?: CurveClient | undefined };

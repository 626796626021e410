import {
  attachDocker,
  attachExec,
  attachFifo,
  attachStdin,
  DEFAULT_DOCKER_SOCKET,
  Passthrough,
  toSegment,
  type Capture,
  type CaptureSink,
  type Following,
  type Launched,
  type OnLife,
  type Source,
} from '../sidecar/capture/index.js';
import { createLog } from '../telemetry/index.js';
import type { Topic } from '../wire/topic.js';
import type { CommandIo } from './command.js';
import { runCri } from './sidecar-cri.js';
import { LinkWatch } from './link-watch.js';
import { LifeLog } from './sidecar-life.js';
import { showMetrics } from './sidecar-metrics.js';
import { openOutput, report, reportRedacted, type OutputContext } from './sidecar-output.js';
import { isKept, topicOf, type SidecarValues } from './sidecar.js';
import { untilStopped } from './stop.js';

/** The slow part of `spillway sidecar`: what is loaded once the command is on its way. */
export async function runSidecar(
  source: Source,
  values: SidecarValues,
  launched: Launched | undefined,
  http: { readonly host: string; readonly port: number } | undefined,
  io: CommandIo,
): Promise<number> {
  const log = createLog('sidecar', (line) => io.stderr.write(line));
  const context: OutputContext = { values, io, log, link: new LinkWatch(log, values.to) };
  const life = new LifeLog(values, log);
  const endMetrics = await showMetrics(http, io, log);
  try {
    if (source.kind === 'cri') return await runCri(source.path, context, life);
    const known = source.kind === 'docker' ? { container: toSegment(source.container) } : {};
    const topic = topicOf(values, known) as Topic;
    return await runOne(source, topic, launched, context, life);
  } finally {
    await endMetrics();
  }
}

/** One container: until its output ends, or for what outlives it until we are stopped. */
async function runOne(
  source: Exclude<Source, { kind: 'cri' }>,
  topic: Topic,
  launched: Launched | undefined,
  context: OutputContext,
  life: LifeLog,
): Promise<number> {
  const { values, log } = context;
  const onLife = life.of(topic);
  const output = openOutput(context, topic, () => capture);
  const passthrough =
    values.passthrough && !values.print && !isKept(source)
      ? new Passthrough({ onWritable: () => output.brake.release('passthrough') })
      : undefined;
  const sink: CaptureSink = {
    chunk(stream, data, at) {
      const keepsUp = passthrough?.chunk(stream, data) ?? true;
      if (!keepsUp && values.overflow === 'block') output.brake.press('passthrough');
      output.chunk(stream, data, at);
    },
  };
  const capture = attach(source, launched, sink, context, onLife);
  if ('stop' in capture) log.info(`ready: following ${nameOf(source)}`, { source: source.kind });
  else tellStart(source, launched, onLife);
  const stopped = 'stop' in capture ? stopOnSignal(capture) : undefined;
  const end = await capture.ended;
  const closed = output.close();
  const fields = output.redacted === undefined ? {} : { redacted: output.redacted };
  if (end.error !== undefined) onLife({ kind: 'lost', msg: end.error.message });
  if (stopped === undefined) {
    const { code, signal } = end;
    const how = signal === undefined ? `with ${code}` : `by ${signal}, with ${code}`;
    onLife({ kind: 'ended', msg: `ended ${how}`, code, ...(signal && { signal }), fields });
  }
  // All that is published has one and the same deadline; then the output passes through, and only then our own word.
  const [stats] = await Promise.all([closed, life.close()]);
  await passthrough?.flush(values.flushTimeout);
  capture.close();
  report(log, stats);
  if (stopped !== undefined) reportRedacted(log, output, nameOf(source));
  return stopped === undefined ? end.code : stopped.code();
}

function attach(
  source: Exclude<Source, { kind: 'cri' }>,
  launched: Launched | undefined,
  sink: CaptureSink,
  { values: { flushTimeout, history }, io }: OutputContext,
  onLife: OnLife,
): Capture | Following {
  const drain = { drainTimeoutMs: flushTimeout };
  switch (source.kind) {
    case 'exec':
      return attachExec(launched as Launched, sink, drain);
    case 'stdin':
      return attachStdin(sink, drain);
    case 'fifo':
      return attachFifo(source, sink, { ...drain, onLife });
    case 'docker':
      return attachDocker({ socket: engineOf(io), ...source }, sink, { onLife, historyMs: history });
  }
}

/** The engine that the other tools of this environment use, if it is one of this machine. */
function engineOf({ env }: CommandIo): string {
  const host = env['DOCKER_HOST'];
  return host?.startsWith('unix://') ? host.slice('unix://'.length) : DEFAULT_DOCKER_SOCKET;
}

function tellStart(source: Source, launched: Launched | undefined, onLife: OnLife): void {
  const { pid } = launched ?? {};
  const msg =
    source.kind === 'stdin' ? 'reading standard input' : pid === undefined ? 'could not start' : 'started';
  onLife({ kind: 'started', msg, ...(pid !== undefined && { fields: { commandPid: pid } }) });
}

function nameOf(source: Source): string {
  switch (source.kind) {
    case 'fifo':
      return [source.stdout, source.stderr].filter((path) => path !== undefined).join(' and ');
    case 'docker':
      return `container ${source.container}`;
    default:
      return source.kind;
  }
}

/** The first INT or TERM ends the following; what the exit code is then can be asked after it. */
function stopOnSignal(capture: Following): { code: () => number } {
  let code = 0;
  void untilStopped().then((stop) => {
    ({ code } = stop);
    capture.stop();
  });
  return { code: () => code };
}

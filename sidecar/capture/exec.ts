import type { StdStream } from '../../wire/record.js';
import { DEFAULT_DRAIN_TIMEOUT_MS, type Capture, type CaptureEnd, type CaptureSink } from './capture.js';
import type { Launched } from './launch.js';
import { readOutput, type Reader } from './reader.js';

export interface ExecOptions {
  /** How long to wait for the rest of the output after the command has gone, ms. */
  readonly drainTimeoutMs?: number;
}

/**
 * Reads a launched command's output until both pipes have ended and the command is gone. A process that it left behind
 * may keep a pipe open for ever, so that wait has a deadline, which counts from the command's exit; what stands in the
 * pipes then is still handed over, paused or not, so that the sink can account for it.
 *
 * Why a command could not be started is handed over as a line on `stderr`: it reaches whoever reads this container's
 * logs, and through the pass-through the operator.
 */
export function attachExec(launched: Launched, sink: CaptureSink, options: ExecOptions = {}): Capture {
  const readers: Readonly<Record<StdStream, Reader>> = {
    stdout: readOutput(launched.outputs.stdout, (data) => sink.chunk('stdout', data)),
    stderr: readOutput(launched.outputs.stderr, (data) => sink.chunk('stderr', data)),
  };
  const both = [readers.stdout, readers.stderr];
  return {
    pause: () => both.forEach((reader) => reader.pause()),
    resume: () => both.forEach((reader) => reader.resume()),
    ended: untilEnd(launched, readers, sink, options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS),
    close() {
      launched.stopForwarding();
      both.forEach((reader) => reader.close());
    },
  };
}

async function untilEnd(
  launched: Launched,
  readers: Readonly<Record<StdStream, Reader>>,
  sink: CaptureSink,
  drainTimeoutMs: number,
): Promise<CaptureEnd> {
  const { code, signal, failure } = await launched.exited;
  if (failure !== undefined) sink.chunk('stderr', Buffer.from(`spillway: ${failure}\n`));

  const unread = new Set<StdStream>(['stdout', 'stderr']);
  const reads = (['stdout', 'stderr'] as const).map(async (stream) => {
    const error = await readers[stream].ended;
    unread.delete(stream);
    return error;
  });
  const deadline = startTimer(drainTimeoutMs);
  const errors = await Promise.race([Promise.all(reads), deadline.passed]);
  deadline.cancel();
  const held = [...unread].filter((stream) => readers[stream].close());

  const error = errors?.find((error) => error !== undefined);
  return { code, ...(signal && { signal }), held, ...(error && { error }) };
}

function startTimer(ms: number): { passed: Promise<undefined>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}

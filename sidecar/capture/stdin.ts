import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { DEFAULT_DRAIN_TIMEOUT_MS, type Capture, type CaptureEnd, type CaptureSink } from './capture.js';
import { readStream } from './reader.js';

export interface StdinOptions {
  /** What to read; the process's own input by default. Whatever comes counts as `stdout`. */
  readonly input?: Readable;
  /** How long to go on reading after the first signal, ms: whoever writes got it too and may have a last word. */
  readonly drainTimeoutMs?: number;
}

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM'] as const satisfies readonly NodeJS.Signals[];

/**
 * Reads until the end of the input, which is code 0. After INT or TERM it ends with 128 + n: at the end of the input, at
 * the deadline or at a second signal, whichever is first.
 */
export function attachStdin(sink: CaptureSink, options: StdinOptions = {}): Capture {
  const reader = readStream(options.input ?? process.stdin, (data) => sink.chunk('stdout', data));
  let signal: NodeJS.Signals | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let held = false;
  let over = false;

  const giveUp = () => {
    held = reader.close();
  };
  // Stays until `close`, so that a signal does not cut off the sending of what was read.
  const onSignal = (received: NodeJS.Signals) => {
    if (over) return;
    if (signal !== undefined) return giveUp();
    signal = received;
    reader.resume(); // Paused, it would not see the end.
    deadline = setTimeout(giveUp, options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS);
  };
  const stopListening = () => {
    clearTimeout(deadline);
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
  };
  for (const name of ENDING_SIGNALS) process.on(name, onSignal);

  const ended = reader.ended.then((error): CaptureEnd => {
    over = true;
    clearTimeout(deadline);
    const code = signal ? 128 + constants.signals[signal] : error ? 1 : 0;
    return { code, ...(signal && { signal }), held: held ? ['stdout'] : [], ...(error && { error }) };
  });
  return {
    pause: () => reader.pause(),
    resume: () => reader.resume(),
    ended,
    close() {
      stopListening();
      reader.close();
    },
  };
}

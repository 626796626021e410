import type { StdStream } from '../../wire/record.js';
import type { CaptureSink } from './capture.js';
import { Lane, type Unpassed } from './lane.js';
import { openOutlet, type Outlet } from './outlet.js';

export interface PassthroughOptions {
  /** What may wait for the reader of each output, bytes. */
  readonly pendingBytes?: number;
  /** Where the outputs go; the process's own by default. */
  readonly outlets?: Readonly<Record<StdStream, Outlet>>;
  /** `chunk` answered false before, and now there is room again. */
  readonly onWritable?: () => void;
}

/** What was captured but not passed through, by output. */
export type PassthroughStats = Readonly<Record<StdStream, Unpassed>>;

export const DEFAULT_PENDING_BYTES = 1024 * 1024;

const NAMES: Readonly<Record<StdStream, string>> = { stdout: 'standard output', stderr: 'standard error' };

/**
 * Hands captured output on to the sidecar's own, as if the command had been started without it. It never waits: when the
 * engine behind a pipe stalls, whole lines are dropped beyond `pendingBytes`, counted, and told of on standard error as
 * soon as output passes again. The capture itself loses nothing by it.
 */
export class Passthrough implements CaptureSink {
  readonly #lanes: Readonly<Record<StdStream, Lane>>;
  readonly #onWritable: (() => void) | undefined;
  #pressed = false;

  constructor(options: PassthroughOptions = {}) {
    const outlets = options.outlets ?? { stdout: openOutlet(1), stderr: openOutlet(2) };
    const pendingBytes = options.pendingBytes ?? DEFAULT_PENDING_BYTES;
    const lane = (stream: StdStream): Lane =>
      new Lane(outlets[stream], pendingBytes, {
        onResumed: () => this.#tell(),
        onBroken: (error) => this.#tellBroken(stream, error),
        onWritable: () => this.#relieve(),
      });
    this.#lanes = { stdout: lane('stdout'), stderr: lane('stderr') };
    this.#onWritable = options.onWritable;
  }

  /**
   * Hot: once a read.
   *
   * @returns false when the reader of this output is half of `pendingBytes` behind: a sidecar whose policy is `block`
   *   pauses its capture until `onWritable`, and nothing is dropped
   */
  chunk(stream: StdStream, data: Buffer): boolean {
    const keepsUp = this.#lanes[stream].write(data);
    if (!keepsUp) this.#pressed = true;
    return keepsUp;
  }

  get stats(): PassthroughStats {
    return { stdout: this.#lanes.stdout.unpassed, stderr: this.#lanes.stderr.unpassed };
  }

  /** Waits until everything has passed, for `deadlineMs` at most, and ends the pass-through. What is left is counted. */
  async flush(deadlineMs: number): Promise<PassthroughStats> {
    const { stdout, stderr } = this.#lanes;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    // In this order: when standard output passes again, standard error is told.
    await Promise.race([stdout.drained().then(() => stderr.drained()), deadline]);
    clearTimeout(timer);
    const told = { stdout: !stdout.broken, stderr: !stderr.broken };
    stdout.stop();
    stderr.stop();
    const sentences = (['stdout', 'stderr'] as const).flatMap((stream) => {
      const unpassed = told[stream] && this.#lanes[stream].untold;
      return unpassed ? [sentence(stream, unpassed)] : [];
    });
    stdout.close();
    stderr.close(sentences.length > 0 ? sentences.join('\n') : undefined);
    return this.stats;
  }

  #relieve(): void {
    if (!this.#pressed || this.#lanes.stdout.pressed || this.#lanes.stderr.pressed) return;
    this.#pressed = false;
    this.#onWritable?.();
  }

  /** Tells of each output that passes again; where standard error has no room now, when it next has. */
  #tell(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const lane = this.#lanes[stream];
      if (!lane.passing || lane.untold === undefined) continue;
      if (this.#lanes.stderr.interject(sentence(stream, lane.untold))) lane.markTold();
    }
  }

  #tellBroken(stream: StdStream, error: Error): void {
    this.#lanes.stderr.interject(
      `spillway sidecar: ${NAMES[stream]} cannot be written to (${error.message}): ` +
        'the output is captured but no longer passed through',
    );
  }
}

function sentence(stream: StdStream, { bytes, lines }: Unpassed): string {
  return (
    `spillway sidecar: the reader of ${NAMES[stream]} fell behind: ` +
    `${lines} lines (${bytes} bytes) were captured but not passed through`
  );
}

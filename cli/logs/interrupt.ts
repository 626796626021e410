import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';

/** How often it is looked whether an output takes anything, ms. */
const LOOK_MS = 15;

/**
 * What each signal ends with, and how many looks in a row may see an output that stands still. Looks and not a time: a
 * process that got no turn has not seen its output stand still. Whoever pressed Ctrl-C has an answer within 100 ms; a
 * program that sent SIGTERM has patience, and the reader behind the pipe may be slow.
 */
const ENDS = {
  SIGINT: { code: 130, looks: 3 },
  SIGTERM: { code: 143, looks: 70 },
} as const;

type Signal = keyof typeof ENDS;

export interface InterruptOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Where signals come from. @defaultValue this process */
  readonly signals?: EventEmitter;
  /** @defaultValue that of this process */
  readonly exit?: (code: number) => void;
}

/**
 * Lets a command end on SIGINT or SIGTERM with what it still has to print. It is asked to end through
 * {@link Interrupt.signal}, and has as much time as its output goes on taking something; where that stands still, and
 * where a second signal comes, the process ends at once.
 */
export class Interrupt {
  readonly #options: InterruptOptions;
  readonly #signals: EventEmitter;
  readonly #exit: (code: number) => void;
  readonly #end = new AbortController();
  readonly #handlers: readonly (readonly [Signal, () => void])[];
  #code: number | undefined;

  constructor(options: InterruptOptions) {
    this.#options = options;
    this.#signals = options.signals ?? process;
    this.#exit = options.exit ?? ((code) => process.exit(code));
    this.#handlers = (Object.keys(ENDS) as Signal[]).map((name) => [name, () => this.begin(name)] as const);
    for (const [name, handler] of this.#handlers) this.#signals.on(name, handler);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The exit code; undefined while no signal has come. */
  get code(): number | undefined {
    return this.#code;
  }

  /** As if the signal had come. */
  begin(name: Signal): void {
    const { code, looks } = ENDS[name];
    if (this.#code !== undefined) return this.#exit(code);
    this.#code = code;
    this.#watch(code, looks);
    this.#end.abort();
  }

  /** Takes the handlers back. The watch over the outputs goes on: what was written may still be on its way. */
  release(): void {
    for (const [name, handler] of this.#handlers) this.#signals.off(name, handler);
  }

  /** What is told before the process ends because its output stands still. */
  onStandstill: () => void = () => {};

  #watch(code: number, looks: number): void {
    const { stdout, stderr } = this.#options;
    let left = looks;
    for (const stream of [stdout, stderr]) stream.on('drain', () => (left = looks));
    // Whoever read it has ended by the same Ctrl-C; that is no other end than this one.
    stdout.on('error', () => this.#exit(code));
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      this.onStandstill();
      this.#exit(code);
    }, LOOK_MS).unref();
  }
}

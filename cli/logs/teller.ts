import type { Sink } from './sink.js';

/** What is said on standard error. */
export type Kind =
  /** records are missing; nothing is read, or never was: always said */
  | 'loss'
  | 'failure'
  /** of the connection: said to people, unless they asked for quiet */
  | 'status';

export interface TellerOptions {
  /** Whether to speak of the connection. */
  readonly talks: boolean;
  readonly color: boolean;
}

const STYLES: Readonly<Record<Kind, readonly [on: string, off: string]>> = {
  loss: ['\u001b[1m', '\u001b[22m'],
  failure: ['\u001b[1m', '\u001b[22m'],
  status: ['\u001b[2m', '\u001b[22m'],
};

/** Speaks to whoever started the program, beside its output: one line a notice. */
export class Teller {
  readonly #sink: Sink;
  readonly #options: TellerOptions;

  constructor(sink: Sink, options: TellerOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** @param text harmless to a terminal */
  async tell(kind: Kind, text: string): Promise<void> {
    const { talks, color } = this.#options;
    if (kind === 'status' && !talks) return;
    const [on, off] = color ? STYLES[kind] : ['', ''];
    this.#sink.push(`${on}spillway: ${text}${off}\n`);
    await this.#sink.flush();
  }
}

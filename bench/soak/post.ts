import type { Part } from '../lib/parts.js';

/** A place where a part runs: one that is killed is followed by another at the same addresses. */
export class Post {
  readonly name: string;
  readonly #start: () => Promise<Part>;
  #part: Part | undefined;
  #isBusy = false;
  /** Times in which its part was stopped or there was none, ms of `performance.now()`. */
  readonly outages: Outage[] = [];

  /** @param start resolves when the part is ready */
  constructor(name: string, start: () => Promise<Part>) {
    this.name = name;
    this.#start = start;
  }

  /** Whether it runs and nothing is being done to it. */
  get isUp(): boolean {
    return this.#part !== undefined && !this.#isBusy;
  }

  async start(): Promise<void> {
    this.#part = await this.#start();
  }

  /**
   * Does something to the part that its peers notice, and makes it good again after `lasts` ms. Answers false where
   * something else is being done to it.
   *
   * @param onDown called when it has ended, if it has
   * @param onUp what is done with its successor before anything else may happen to it
   */
  async suffer(
    what: Outage['what'],
    lasts: number,
    { onDown = () => {}, onUp = async () => {} }: { onDown?: () => void; onUp?: () => Promise<void> } = {},
  ): Promise<boolean> {
    const part = this.#part;
    if (part === undefined || this.#isBusy) return false;
    this.#isBusy = true;
    const outage: Outage = { what, from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    try {
      part.child.kill(SIGNALS[what]);
      if (what !== 'stop') await part.exited;
      if (what !== 'stop') onDown();
      await new Promise((resolve) => setTimeout(resolve, lasts));
      if (what === 'stop') part.child.kill('SIGCONT');
      else await this.start();
      outage.to = performance.now();
      if (what !== 'stop') await onUp();
    } finally {
      this.#isBusy = false;
    }
    return true;
  }
}

export interface Outage {
  readonly what: 'kill' | 'stop' | 'drain';
  readonly from: number;
  to: number;
}

const SIGNALS = { kill: 'SIGKILL', stop: 'SIGSTOP', drain: 'SIGTERM' } as const;

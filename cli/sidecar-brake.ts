import type { Pausable } from '../sidecar/capture/index.js';

export type BrakeReason = 'queue' | 'passthrough' | 'turn';

/** Stops reading as long as there is a reason: with policy `block`, the queue or the pass-through is full. */
export class Brake {
  readonly #pressing = new Set<BrakeReason>();
  readonly #source: () => Pausable;

  constructor(source: () => Pausable) {
    this.#source = source;
  }

  get pressed(): boolean {
    return this.#pressing.size > 0;
  }

  /** Stops reading for a moment. */
  tap(): void {
    this.press('turn');
    setTimeout(() => this.release('turn'), 1);
  }

  press(reason: BrakeReason): void {
    this.#pressing.add(reason);
    this.#source().pause();
  }

  release(reason: BrakeReason): void {
    if (this.#pressing.delete(reason) && this.#pressing.size === 0) this.#source().resume();
  }
}

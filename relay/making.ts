import type { Consumer } from './consumer.js';
import { RelayError } from './errors.js';
import type { Share } from './past-room.js';

export interface MakingOptions {
  readonly share: Share;
  /** What is in hand while it is made, besides what the work takes by itself, bytes. */
  readonly inHand: number;
  /** Whoever comes so long after it was made may still have it, ms. */
  readonly shareFor: number;
  /** From now on nobody else may have it. */
  readonly onSealed: () => void;
}

/**
 * One past from the asking to the last of its readers that has it, and its part of the room as long: it ends when nobody
 * waits for it or reads it any more, and nobody who comes may have it.
 */
export class Making<T> {
  readonly share: Share;
  /** What came of it; undefined where there was no room in time, or nobody was left to want it. */
  readonly result: Promise<T | undefined>;
  /** Where it ends has been fixed: what comes from then on is its readers' live stream. */
  isPlaced = false;
  readonly #options: MakingOptions;
  readonly #readers = new Set<Consumer>();
  #isMade = false;
  #isSealed = false;
  #isClosed = false;

  constructor(options: MakingOptions, work: () => Promise<T>) {
    this.#options = options;
    this.share = options.share;
    this.result = this.#make(work);
  }

  get isMade(): boolean {
    return this.#isMade;
  }

  /** Its room is gone, and what is still held of it has to go too. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  join(consumer: Consumer): void {
    this.#readers.add(consumer);
    this.share.idle = false;
  }

  /** This one has it, or has left. */
  leave(consumer: Consumer): void {
    this.#readers.delete(consumer);
    this.#settle();
  }

  /** Nobody else may have it. Idempotent. */
  seal(): void {
    if (this.#isSealed) return;
    this.#isSealed = true;
    this.#options.onSealed();
    this.#settle();
  }

  async #make(work: () => Promise<T>): Promise<T | undefined> {
    const { share, inHand, shareFor } = this.#options;
    try {
      if ((await share.enter()) && (await share.take(inHand))) {
        const result = await work();
        if (this.#isClosed) return undefined;
        this.#isMade = true;
        share.give(inHand);
        setTimeout(() => this.seal(), shareFor).unref();
        this.#settle();
        share.made(() => this.#evict());
        return result;
      }
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
    }
    this.#close();
    return undefined;
  }

  #settle(): void {
    if (this.#readers.size > 0) return;
    if (!this.#isMade || this.#isSealed) this.#close();
    else this.share.idle = true;
  }

  /** Others wait for its room. */
  #evict(): void {
    const readers = [...this.#readers];
    this.#close();
    for (const consumer of readers) consumer.forgo();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.share.close();
    this.seal();
  }
}

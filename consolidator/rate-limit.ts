/** A message counts as so many bytes at least, since the pump has as much work with it as with those. */
const MIN_MESSAGE_BYTES = 1_024;

/** What a topic may have saved up at most: a sidecar that held its records while a link was down has some 12 MiB. */
const MAX_BURST_BYTES = 16 * 1024 * 1024;

interface Bucket {
  /** Bytes that may still pass at `at`. */
  room: number;
  at: number;
}

/**
 * How much each topic may send: so many bytes a second, and at once what it saved up in a second of silence, 16 MiB at
 * most. By topic and not by source id, of which a sender may make up as many as it likes.
 */
export class RateLimit {
  readonly #rate: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param rate bytes a second; 0 for no limit */
  constructor(rate: number) {
    this.#rate = rate;
    this.#burst = Math.min(rate, MAX_BURST_BYTES);
  }

  /** Topics that have sent something within the last second or so. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether a message of so many bytes may pass, which then counts. `now` in ms, monotonic. Hot. */
  admit(topic: string, bytes: number, now: number): boolean {
    if (this.#rate === 0) return true;
    let bucket = this.#buckets.get(topic);
    if (bucket === undefined) this.#buckets.set(topic, (bucket = { room: this.#burst, at: now }));
    bucket.room = Math.min(this.#burst, bucket.room + ((now - bucket.at) / 1000) * this.#rate);
    bucket.at = now;
    // Whoever has any room may send one message, however long: a limit below its length would stop it for good.
    if (bucket.room <= 0) return false;
    bucket.room -= Math.max(bytes, MIN_MESSAGE_BYTES);
    return true;
  }

  /** Forgets the topics that may send the most again. */
  sweep(now: number): void {
    for (const [topic, { room, at }] of this.#buckets) {
      if (room + ((now - at) / 1000) * this.#rate >= this.#burst) this.#buckets.delete(topic);
    }
  }
}

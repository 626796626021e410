/** Something that gathers writes and makes them when told. */
export interface Flushable {
  /** Answers whether some consumer is over its mark now. */
  flush(): boolean;
  enforce(): void;
}

/**
 * When to write. Idle, at once: what arrives is written in the same turn. Under load, gathered: a flush that cost `c`
 * milliseconds is followed by a pause of `DUTY · c`, at most `maxCoalesce`. So a relay with few consumers adds next to
 * no delay, one with thousands writes larger and fewer buffers, and writing never takes more than a fixed share of the
 * process, whatever the machine.
 */
export class Pacer {
  readonly #maxCoalesce: number;
  readonly #dirty = new Set<Flushable>();
  #scheduled = false;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(maxCoalesce: number) {
    this.#maxCoalesce = maxCoalesce;
  }

  /** `target` has something to write. Hot: once a message. */
  mark(target: Flushable): void {
    this.#dirty.add(target);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#notBefore - performance.now();
    if (wait < 1) setImmediate(this.#flush);
    else this.#timer = setTimeout(this.#flush, wait);
  }

  forget(target: Flushable): void {
    this.#dirty.delete(target);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#dirty.clear();
  }

  readonly #flush = (): void => {
    const start = performance.now();
    this.#scheduled = false;
    const targets = [...this.#dirty];
    this.#dirty.clear();
    const over = targets.filter((target) => target.flush());
    const end = performance.now();
    this.#notBefore = end + Math.min(this.#maxCoalesce, DUTY * (end - start));
    // Connections that keep up have taken their bytes by the next turn; who has not is dropped for.
    if (over.length > 0) setImmediate(() => over.forEach((target) => target.enforce()));
  };
}

/** Writing may take one part in so many plus one of the time. */
const DUTY = 3;

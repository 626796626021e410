import { formatLedger, parseLedger, withoutRecords } from '../wire/index.js';

/** What one tenant may take before the next one's turn, bytes: a batch as sidecars send it. */
const QUANTUM_BYTES = 64 * 1024;

/** A message counts as so many bytes at least. */
export const MIN_MESSAGE_BYTES = 1_024;

/** A tenant that was heard of within so long may be behind what waits in ZeroMQ's pipes, ms. */
export const SHARED_MS = 10_000;

/** Room is made for so much of the whole at a time, so that the search for who gives is rare. */
const ROOM = 0.125;

type Frames = readonly Buffer[];

interface Item {
  frames: Frames;
  readonly bytes: number;
  next: Item | undefined;
}

/** What waits of one tenant, in the order in which it came. */
interface Lane {
  readonly name: string;
  first: Item | undefined;
  last: Item | undefined;
  bytes: number;
  /** What it may still take in this turn, bytes. */
  credit: number;
}

/**
 * What a relay that does not keep up has taken from ZeroMQ and not worked off. Whose containers print little waits for a
 * batch of each of the others, however much those have waiting: by deficit round robin, a lane a tenant, since a tenant may
 * have as many containers as it likes. Within a lane the order is kept, and so is that of each stream.
 *
 * Beyond its bytes, the oldest of the longest lane go: the next message of their source shows the gap, as with what ZeroMQ
 * drops. ZeroMQ's own pipes hold what came from one VM in one order and drop what comes last, whose ever it is; they are
 * emptied into this before they are full. Where one tenant is alone, nobody is behind it, and it has the pipes as well.
 *
 * @see M. Shreedhar, G. Varghese, Efficient Fair Queuing Using Deficit Round Robin, 1995
 */
export class FairQueue {
  readonly #maxBytes: number;
  /** In the order of their turns. */
  readonly #lanes = new Map<string, Lane>();
  #bytes = 0;
  #dropped = 0;
  #last = '';
  /** When something of another tenant than before came last, ms. */
  #sharedAt = Number.NEGATIVE_INFINITY;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether what waits in the pipes had better stay there. `now` in ms, monotonic. */
  isFull(now: number): boolean {
    return this.#bytes > this.#maxBytes * (1 - ROOM) && now - this.#sharedAt > SHARED_MS;
  }

  push(frames: Frames, now: number): void {
    const name = tenantOf(frames[0]);
    if (name !== this.#last && this.#last !== '') this.#sharedAt = now;
    this.#last = name;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { name, first: undefined, last: undefined, bytes: 0, credit: QUANTUM_BYTES };
      this.#lanes.set(name, lane);
    }
    const bytes = Math.max(MIN_MESSAGE_BYTES, frames[1]?.length ?? 0);
    const item: Item = { frames, bytes, next: undefined };
    if (lane.last === undefined) lane.first = item;
    else lane.last.next = item;
    lane.last = item;
    lane.bytes += bytes;
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) this.#makeRoom();
  }

  /** The next message to be worked off. */
  shift(): Frames | undefined {
    for (const lane of this.#lanes.values()) {
      if (lane.credit <= 0) {
        lane.credit += QUANTUM_BYTES;
        this.#toTheEnd(lane);
        continue;
      }
      const { frames, bytes, next } = lane.first as Item;
      lane.first = next;
      lane.credit -= bytes;
      this.#take(lane, bytes);
      return frames;
    }
    return undefined;
  }

  #toTheEnd(lane: Lane): void {
    this.#lanes.delete(lane.name);
    this.#lanes.set(lane.name, lane);
  }

  #take(lane: Lane, bytes: number): void {
    lane.bytes -= bytes;
    this.#bytes -= bytes;
    if (lane.first === undefined) this.#lanes.delete(lane.name);
  }

  #makeRoom(): void {
    const target = this.#maxBytes * (1 - ROOM);
    // What costs next to nothing and tells of losses is spared, as long as there is anything else.
    for (const spares of [true, false]) {
      const byBytes = [...this.#lanes.values()].toSorted((a, b) => b.bytes - a.bytes);
      for (const [i, lane] of byBytes.entries()) {
        const level = byBytes[i + 1]?.bytes ?? 0;
        this.#shorten(lane, Math.max(level, lane.bytes - (this.#bytes - target)), spares);
        if (this.#bytes <= target) return;
      }
    }
  }

  /** Drops the oldest of a lane until it has no more than `bytes`. */
  #shorten(lane: Lane, bytes: number, spares: boolean): void {
    let before: Item | undefined;
    for (let item = lane.first; item !== undefined && lane.bytes > bytes; item = item.next) {
      const rest = spares ? restOf(item.frames) : undefined;
      if (rest !== undefined) {
        item.frames = rest;
        before = item;
        continue;
      }
      if (before === undefined) lane.first = item.next;
      else before.next = item.next;
      if (item.next === undefined) lane.last = before;
      this.#dropped += 1;
      this.#take(lane, item.bytes);
    }
  }
}

/** What must not be dropped of a message: heartbeats and marks; of the last one of a source the end. */
function restOf(frames: Frames): Frames | undefined {
  const [head, body, tail] = frames;
  if (head === undefined || tail === undefined) return undefined;
  if (body?.length === 0) return frames;
  const ledger = tail.includes(FIN) ? parseLedger(tail) : undefined;
  if (ledger?.fin !== true) return undefined;
  return [head, EMPTY, formatLedger(withoutRecords(ledger))];
}

const FIN = '"fin"';
const EMPTY = Buffer.alloc(0);

/** `tenant/acme` of a topic or a stream; the system's are of one. */
function tenantOf(head: Buffer | undefined): string {
  const name = head?.toString('latin1', 0, MAX_NAME_BYTES) ?? '';
  return name.startsWith('tenant/') ? name.slice(0, name.indexOf('/', 7)) : 'system';
}

/** The longest `tenant/<tenant>/`. */
const MAX_NAME_BYTES = 136;

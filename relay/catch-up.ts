import { parseTopic, type Mark, type Message, type RememberedBatch, type Topic } from '../wire/index.js';
import type { Archive } from './archive.js';
import { RelayError } from './errors.js';
import type { Hub } from './hub.js';
import { recall, UNCOUNTED, type Recalled } from './recall.js';
import type { Room } from './room.js';

/** How what was kept, and what was remembered, goes on to those who read it. */
export interface Delivery {
  /** As if it came now. @param hubs to these alone */
  deliver(message: Message, hubs?: ReadonlySet<Hub>): void;
  hear(mark: Mark): void;
  /** Readers of this get now what the consolidator has had since its start, ms since the epoch by its own clock. */
  admit(node: string, hub: Hub, startedAt: number): void;
  /** Records may be missing, nobody can tell how many. */
  miss(hub: Hub): void;
}

export interface CatchUpOptions {
  readonly archive: Archive;
  /** For what is kept, and what is remembered. */
  readonly room: Room;
  readonly delivery: Delivery;
  /** It is over: from here on messages are for {@link Delivery} at once. */
  readonly onSettled: () => void;
}

/** A stream that is due. */
export interface Due {
  readonly hub: Hub;
  /** How far it has come from this consolidator; undefined where nothing has. */
  readonly position: number | undefined;
}

/** A message came, and no mark within so long: what sends it knows of none, or had it dropped, ms. */
const FIRST_MARK_MS = 500;

/** The other streams' marks are waited for so long, ms: they are on their way behind the first. */
const MARKS_MS = 250;

/**
 * A consolidator that sends and does not answer is given up after so long without a page, ms. What it sends waits meanwhile:
 * where it was known, the numbers tell what is missing, and the stream is to go on within a second.
 */
const ANSWER_MS = { known: 600, found: 1_500 } as const;

/** Streams that it is asked for at a time. */
const AT_A_TIME = 8;

/** What counts for a message that is kept besides its body, bytes. */
const OVERHEAD_BYTES = 500;

/**
 * Catches up with one run of a consolidator that readers were due more of than came:
 *
 * 1. Whatever comes from it is kept. The marks say from which offset on each stream comes.
 * 2. It is asked for all that it remembers of each stream up to the stream's mark, with ledgers.
 * 3. In one turn, all of that and all that was kept is delivered in the order of the offsets. What came both ways is seen
 *    twice by the accounts and trimmed. What is neither remembered nor came is a gap in a source's numbers, like any other; for what is forgotten at a
 *    source's end stands a batch without records.
 */
export class CatchUp {
  readonly #node: string;
  readonly #options: CatchUpOptions;
  readonly #kept: (Message | Mark)[] = [];
  #taken = 0;
  /** Streams that are due, by prefix; undefined before the first mark. */
  #due: Map<string, Due & { mark?: Mark }> | undefined;
  /** Marks that have not come. */
  #awaited = 0;
  #asking = false;
  #settled = false;
  #timer: NodeJS.Timeout;

  constructor(node: string, options: CatchUpOptions) {
    this.#node = node;
    this.#options = options;
    this.#timer = setTimeout(() => this.giveUp(), FIRST_MARK_MS).unref();
  }

  /** Keeps a message or a mark for later; answers whether it does. */
  keep(item: Message | Mark, bytes: number): boolean {
    if (this.#settled) return false;
    this.#kept.push(item);
    if (!this.#take(bytes + OVERHEAD_BYTES)) this.giveUp();
    return true;
  }

  /** A stream comes in from here on. @param due asked once */
  mark(mark: Mark, due: () => readonly Due[]): void {
    if (this.#settled || this.#asking) return;
    if (this.#due === undefined) {
      this.#due = new Map(due().map((one) => [one.hub.prefix, one]));
      this.#awaited = this.#due.size;
      if (this.#awaited === 0) return this.#settle(new Map());
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#ask(), MARKS_MS).unref();
    }
    const one = this.#due.get(mark.prefix);
    if (one === undefined || one.mark !== undefined) return;
    one.mark = mark;
    this.#awaited -= 1;
    if (this.#awaited === 0) void this.#ask();
  }

  /** Delivers what was kept and tells those for whom something may be missing before it. */
  giveUp(): void {
    this.#settle(new Map());
  }

  close(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#options.room.give(this.#taken);
    this.#taken = 0;
  }

  #take(bytes: number): boolean {
    if (!this.#options.room.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  /** Does not reject. */
  async #ask(): Promise<void> {
    this.#asking = true;
    const node = this.#node;
    const pasts = new Map<Hub, Recalled>();
    const questions = this.#questions(pasts);
    const archive = this.#archiveUntilSilent(pasts);
    if (questions.length > 0) await archive.met();
    const work = async () => {
      for (let next = questions.shift(); next !== undefined && !this.#settled; next = questions.shift()) {
        const { hub, from, until } = next;
        const wanted = { node, stream: hub.prefix, until, start: { from }, ledgers: true } as const;
        try {
          pasts.set(hub, await recall(archive, wanted, UNCOUNTED));
        } catch {
          // Its readers are told.
        }
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    this.#settle(pasts);
  }

  /** What is to be asked for; of streams of which there is nothing, that is put into `pasts`. */
  #questions(pasts: Map<Hub, Recalled>): { hub: Hub; from: number; until: number }[] {
    const questions: { hub: Hub; from: number; until: number }[] = [];
    for (const { hub, position: from = 0, mark } of this.#due?.values() ?? []) {
      if (mark === undefined) continue;
      if (mark.holds && from < mark.offset) questions.push({ hub, from, until: mark.offset });
      else pasts.set(hub, nothingOf(this.#node, mark));
    }
    return questions;
  }

  /** Asks, and settles for what there is by then once no answer has come for too long. */
  #archiveUntilSilent(pasts: ReadonlyMap<Hub, Recalled>) {
    const { archive } = this.#options;
    const isKnown = [...(this.#due?.values() ?? [])].every(({ position }) => position !== undefined);
    const patience = isKnown ? ANSWER_MS.known : ANSWER_MS.found;
    const wait = () => {
      clearTimeout(this.#timer);
      if (!this.#settled) this.#timer = setTimeout(() => this.#settle(pasts), patience).unref();
    };
    wait();
    return {
      met: () => archive.met(this.#node, patience),
      page: async (...asked: Parameters<Archive['page']>) => {
        const page = await archive.page(...asked);
        const bytes = page.batches.reduce((sum, { body }) => sum + body.length + OVERHEAD_BYTES, 0);
        if (this.#settled || !this.#take(bytes))
          throw new RelayError('replay', 'There is no room for more of it.');
        wait();
        return page;
      },
    };
  }

  #settle(pasts: ReadonlyMap<Hub, Recalled>): void {
    if (this.#settled) return;
    this.close();
    this.#options.onSettled();
    const { delivery } = this.#options;
    const due = [...(this.#due?.values() ?? [])];
    const hubs = new Set(due.filter(({ hub }) => pasts.has(hub)).map(({ hub }) => hub));
    for (const { hub, position, mark } of due) {
      if (mark && hubs.has(hub) && position === undefined)
        delivery.admit(this.#node, hub, mark.at - (mark.up ?? 0));
    }
    for (const { hub, position } of due) {
      // Of one that was known the numbers tell.
      if (position !== undefined) continue;
      const past = pasts.get(hub);
      if (past === undefined || past.forgotten === null) delivery.miss(hub);
    }
    this.#deliver(pasts, hubs);
  }

  #deliver(pasts: ReadonlyMap<Hub, Recalled>, hubs: ReadonlySet<Hub>): void {
    const { delivery } = this.#options;
    const begun = new Set<string>();
    let next = 0;
    const deliverKept = (before: number) => {
      for (; next < this.#kept.length && offsetOf(this.#kept[next]!) < before; next += 1) {
        const item = this.#kept[next]!;
        if ('prefix' in item) delivery.hear(item);
        else delivery.deliver(item);
      }
    };
    for (const batch of inOrder(pasts.values())) {
      deliverKept(batch.offset);
      const topic = parseTopic(batch.topic) as Topic;
      const key = `${batch.topic} ${batch.ledger?.source.src}`;
      if (batch.ledger !== undefined && !begun.has(key)) {
        begun.add(key);
        delivery.deliver(beginningOf(batch, topic, this.#node), hubs);
      }
      delivery.deliver(messageOf(batch, topic, this.#node), hubs);
    }
    deliverKept(Number.POSITIVE_INFINITY);
  }
}

function nothingOf(node: string, { offset }: Mark): Recalled {
  return { node, from: 0, until: offset, batches: [], forgotten: 0, cut: 0 };
}

function offsetOf(item: Message | Mark): number {
  return 'prefix' in item ? item.offset : (item.ledger?.offset ?? 0);
}

/** Several streams may have had the same batch. */
function inOrder(pasts: Iterable<Recalled>): RememberedBatch[] {
  const all = new Map<string, RememberedBatch>();
  for (const { batches } of pasts) {
    for (const batch of batches) {
      const { topic, offset, count, ledger } = batch;
      all.set(`${offset} ${count} ${topic} ${ledger?.source.src}`, batch);
    }
  }
  return [...all.values()].toSorted((a, b) => a.offset - b.offset || a.count - b.count);
}

/** What the consolidator forwarded, but for heartbeats that were promised: who sent them may have ended since. */
function messageOf(
  { topic: name, body, offset, count, at, ledger }: RememberedBatch,
  topic: Topic,
  node: string,
): Message {
  if (ledger === undefined) return { name, topic, body, ledger: undefined };
  const { source, first, lost, transit } = ledger;
  const { src, begin, origin } = source;
  return {
    name,
    topic,
    body,
    ledger: { v: 1, src, first, count, lost, at, node, offset, transit, begin, ...(origin && { origin }) },
  };
}

/** A message of the same source that has no records and stands where the consolidator's account of it begins. */
function beginningOf(batch: RememberedBatch, topic: Topic, node: string): Message {
  const { begin } = (batch.ledger as NonNullable<typeof batch.ledger>).source;
  const [first, lost, offset] = begin;
  const { ledger } = messageOf({ ...batch, count: 0, offset }, topic, node);
  return {
    name: batch.topic,
    topic,
    body: NO_RECORDS,
    ledger: ledger && { ...ledger, first, lost, transit: 0 },
  };
}

const NO_RECORDS = Buffer.alloc(0);

import { SourceAccount, type Observation } from '../../accounting/index.js';
import type { Ledger, NodeLedger } from '../../wire/index.js';

/** What becomes of a message on a link. `twice` is what no ZeroMQ link does and a receiver must stand all the same. */
export type Fate = 'arrives' | 'lost' | 'twice';

/** On link 2 also: it waits in the consolidator until something later goes out, or dies with it. */
export type Fate2 = Fate | 'held';

/** How a record ended; undefined while it is on its way. */
type End = 'delivered' | 'sidecar' | 'link1' | 'consolidator' | 'link2';

interface Batch {
  first: number;
  count: number;
  lost: number;
}

/** What the relay made of a gap, beside what really happened to each record in it. */
export interface Gap {
  readonly observed: Observation;
  readonly truth: Readonly<Record<Exclude<End, 'delivered'>, number>>;
  /** Since the relay's last message the consolidator was started anew, or only its account of the source. */
  readonly anew: 'run' | 'account' | undefined;
}

/** The ledger that a consolidator sends on (PROTOCOL.md, "What a consolidator does"); undefined where all was seen. */
export function forward(
  ledger: Ledger,
  { seen }: Observation,
  { node, offset, lostHere }: { node: string; offset: number; lostHere: number },
): NodeLedger | undefined {
  if (seen > 0 && seen === ledger.count) return undefined;
  const count = ledger.count - seen;
  const lost = ledger.lost + lostHere;
  return { ...ledger, first: ledger.first + seen, count, lost, node, offset, transit: lostHere };
}

/**
 * A model of the whole way of one source that, unlike the real parts, knows how each record ended: sender → link 1 →
 * consolidator → link 2 → relay. The two receivers keep their accounts with the code under test.
 */
export class Chain {
  /** By number: how each record ended. */
  readonly ends: (End | undefined)[] = [];
  readonly gaps: Gap[] = [];
  /** Numbers in the order in which the relay delivered them. */
  readonly delivered: number[] = [];
  /** The number from which the relay's account began. */
  baseline: number | undefined;
  readonly #queue: Batch[] = [];
  #lostOldest = 0;
  #lostNewest = 0;
  #base = { first: 0, lost: 0 };
  #consolidator = new SourceAccount();
  #run = 0;
  #offset = 0;
  #held: NodeLedger[] = [];
  #relay = new SourceAccount();
  /** Accounts of the source that the consolidators have begun. */
  #epoch = 0;
  readonly #epochOf = new WeakMap<NodeLedger, number>();
  #last = { node: '', epoch: 0 };

  get captured(): number {
    return this.ends.length;
  }

  get relay(): SourceAccount {
    return this.#relay;
  }

  get #lost(): number {
    return this.#lostOldest + this.#lostNewest;
  }

  /** Captures so many records; the first `kept` are queued and the others dropped as newest. */
  capture(count: number, kept = count): void {
    const first = this.captured;
    for (let i = 0; i < count; i += 1) this.ends.push(i < kept ? undefined : 'sidecar');
    if (kept > 0) this.#queue.push({ first, count: kept, lost: this.#lostNewest });
    this.#lostNewest += count - kept;
  }

  /** Drops up to so many of the oldest records that are queued. */
  dropOldest(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const head = this.#queue[0];
      if (head === undefined) return;
      this.ends[head.first] = 'sidecar';
      this.#lostOldest += 1;
      head.first += 1;
      head.count -= 1;
      if (head.count === 0) this.#queue.shift();
    }
  }

  /** Sends the batch at the front; `overlap` repeats so many records before it that were sent already. */
  send(link1: Fate, link2: Fate2, overlap = 0): void {
    const head = this.#queue.shift();
    if (head === undefined) return;
    const lost = head.lost + this.#lostOldest;
    this.#base = { first: head.first + head.count, lost };
    // Repeats only what was delivered right before, so that the ledger's `lost` is still true below its `first`.
    let back = 0;
    while (back < overlap && this.ends[head.first - back - 1] === 'delivered') back += 1;
    this.#link1(message(head.first - back, head.count + back, lost), link1, link2);
  }

  /** Says how far the source is, as a sidecar does when its queue is empty. */
  heartbeat(link1: Fate, link2: Fate2, fin = false): void {
    if (this.#queue.length > 0) return;
    const ledger = message(this.captured, 0, this.#lost);
    this.#link1(fin ? { ...ledger, fin: true } : ledger, link1, link2);
  }

  /** The consolidator dies with what it holds, another run takes its place and is greeted. */
  restart(link1: Fate, link2: Fate2): void {
    for (const ledger of this.#held) this.#end(ledger, 'consolidator');
    this.#held = [];
    this.#run += 1;
    this.#offset = 0;
    this.forget();
    this.#link1(message(this.#base.first, 0, this.#base.lost), link1, link2);
  }

  /** The consolidator goes on and begins its account of the source anew. */
  forget(): void {
    this.#consolidator = new SourceAccount();
    this.#epoch += 1;
  }

  /** What the consolidator holds goes out. */
  release(link2: Fate): void {
    const held = this.#held;
    this.#held = [];
    for (const ledger of held) this.#link2(ledger, link2);
  }

  /** Another relay takes the place of the first, with an account that begins where it comes in. */
  rejoin(): void {
    this.#relay = new SourceAccount();
    this.baseline = undefined;
    this.delivered.length = 0;
    this.gaps.length = 0;
  }

  #link1(ledger: Ledger, link1: Fate, link2: Fate2): void {
    if (link1 === 'lost') return this.#end(ledger, 'link1');
    for (let i = 0; i < (link1 === 'twice' ? 2 : 1); i += 1) {
      const observed = this.#consolidator.observe(ledger);
      const { lostHere } = this.#consolidator;
      const forwarded = forward(ledger, observed, {
        node: `run-${this.#run}`,
        offset: this.#offset,
        lostHere,
      });
      if (forwarded === undefined) continue;
      this.#offset += forwarded.count;
      this.#epochOf.set(forwarded, this.#epoch);
      this.#held.push(forwarded);
    }
    if (link2 === 'held') return;
    if (link2 !== 'lost') return this.release(link2);
    // Of what is held, only this message is lost; what was held before it arrives.
    const last = this.#held.pop();
    this.release('arrives');
    if (last !== undefined) this.#end(last, 'link2');
  }

  #link2(ledger: NodeLedger, link2: Fate): void {
    if (link2 === 'lost') return this.#end(ledger, 'link2');
    for (let i = 0; i < (link2 === 'twice' ? 2 : 1); i += 1) this.#receive(ledger);
  }

  #receive(ledger: NodeLedger): void {
    const epoch = this.#epochOf.get(ledger) as number;
    const from = this.#relay.expected;
    const observed = this.#relay.observe(ledger);
    if (this.baseline === undefined) this.baseline = ledger.first;
    else if (ledger.first > from) this.#compare(observed, from, ledger.first, this.#anew(ledger, epoch));
    this.#last = { node: ledger.node, epoch };
    for (let number = ledger.first + observed.seen; number < ledger.first + ledger.count; number += 1) {
      this.delivered.push(number);
      this.ends[number] = 'delivered';
    }
  }

  #anew({ node }: NodeLedger, epoch: number): Gap['anew'] {
    if (node !== this.#last.node) return 'run';
    return epoch === this.#last.epoch ? undefined : 'account';
  }

  #compare(observed: Observation, from: number, to: number, anew: Gap['anew']): void {
    const truth = { sidecar: 0, link1: 0, consolidator: 0, link2: 0 };
    for (const end of this.ends.slice(from, to)) {
      if (end !== undefined && end !== 'delivered') truth[end] += 1;
    }
    this.gaps.push({ observed, truth, anew });
  }

  #end(ledger: Ledger, end: End): void {
    for (let number = ledger.first; number < ledger.first + ledger.count; number += 1) {
      if (this.ends[number] !== 'delivered') this.ends[number] = end;
    }
  }
}

function message(first: number, count: number, lost: number): Ledger {
  return { v: 1, src: 'src', first, count, lost, at: 0 };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { lossesOwed } from '../accounting/index.js';
import { MAX_PAGE_BYTES, type Cursor, type Owed } from '../wire/index.js';
import type { Archive } from './archive.js';
import { baseOf, lastOf, merge, since, type SplitBatch } from './compose.js';
import type { Consumer } from './consumer.js';
import type { Hub } from './hub.js';
import { Making } from './making.js';
import { absenceNotice, forgottenNotice, noticesOf, type DropNotice } from './notice.js';
import { bytesOf, Past, pieceOf, type Opening, type PastItem } from './past.js';
import { PastRoom, type Share } from './past-room.js';
import { Prelude, type Piece } from './prelude.js';
import { recall, type Recalled, type Wanted } from './recall.js';
import { RecordBatch } from './record-batch.js';
import { Slices } from './slices.js';
import { byteAt, recordAt, type Place, type View } from './view.js';

/** Where in the past a reader begins. */
export type PastAsked =
  /** Behind what it has seen; undefined where that could not be read. And what it was to be told of then. */
  | { readonly cursor: Cursor | undefined; readonly owed?: Owed | undefined }
  /** With the last `tail` records, with those since a time in ms since the epoch, or with the last of those. */
  | { readonly tail?: number; readonly since?: number };

type LastAsked = Exclude<PastAsked, { cursor: unknown }>;

export interface RejoinHost {
  readonly archive: Archive;
  /** Consolidators connected now. */
  readonly connected: number;
  readonly split: SplitBatch;
  /** Most bytes of one past. */
  readonly maxBytes: number;
  /** Most bytes of all of them, at least four times as many. */
  readonly roomBytes: number;
  /** What a `status` event of the hub says. */
  statusOf(hub: Hub): unknown;
}

/** How long a stream may take to come in as far as its reader has read, from each consolidator, ms. */
const ATTEND_MS = 2_000;

/** Who comes within so long after a past was made shares it, ms. */
const SHARE_MS = 2_000;

/** And only while no more of the live stream stands behind it than this share of the reader's buffer. */
const SHARE_PART = 0.25;

/** Consolidators that one past is asked of at a time: each has a page in hand. */
const NODES_AT_A_TIME = 16;

/** What a record in memory counts for besides its line, bytes: a string of its own, and its place in a list. */
const RECORD_BYTES = 40;

/** A reader that waits for its past. */
interface Waiting {
  readonly consumer: Consumer;
  readonly seen: Cursor;
  readonly owed: Owed | undefined;
}

/** Where a past ends: all that is behind the seam is behind the places. */
interface Seam {
  readonly places: ReadonlyMap<View, Place>;
  readonly text: string;
}

/**
 * What one or more readers of a stream wait for: everything that the consolidators remember from one position up to
 * another, which is where the views' places stand.
 */
interface Session {
  readonly making: Making<Composed>;
  /** Those for whom it was opened. */
  readonly first: Waiting[];
  /** Undefined before there is room for it. */
  span: { readonly from: Cursor; readonly until: Cursor; readonly seam: Seam } | undefined;
  past: Past | undefined;
  /** Readers whose beginning is still to be cut out of it. */
  opening: number;
  isSealed: boolean;
}

interface Composed {
  readonly past: Past;
  /** Consolidators that did not answer. */
  readonly failed: ReadonlySet<string>;
  readonly forgotten: number | null;
  readonly cut: number;
}

/** What readers of one view wait for who asked for the same records before they came. */
interface Last {
  readonly making: Making<{ pieces: readonly Piece[]; notices: readonly DropNotice[] }>;
  place: Place | undefined;
  seam: string;
}

/**
 * Joins the past to the live stream, without a gap or a repeat:
 *
 * 1. The stream is subscribed to, and each consolidator has said from which offset on it comes (its mark), or the hub
 *    has long been reading it. It has come in as far as the reader has read, which may have been ahead at another relay.
 * 2. In one turn: the hub's position is `until`, and the ends of its views are the places at which its readers go on.
 *    All that is behind the one is behind the other.
 * 3. The consolidators are asked for what lies between the reader's position and `until`. They have it, since what has
 *    come here has passed them.
 * 4. The reader gets that, and then its view from the place on.
 *
 * A relay that dies sends all its readers to the others at once. Those who read one stream share one past; so do those
 * of a view who ask for the same last records. All pasts share one room ({@link PastRoom}): nothing is fixed, and so
 * nothing of the live stream kept back, before there is some of it.
 */
export class Rejoin {
  readonly #host: RejoinHost;
  readonly #room: PastRoom;
  readonly #slices = new Slices();
  /** All that wait for a past or read it, and what they wait for. */
  readonly #readers = new Map<Consumer, Making<unknown> | undefined>();
  readonly #gathering = new Map<Hub, Waiting[]>();
  readonly #sessions = new Map<Hub, Session>();
  readonly #lasts = new Map<View, Map<string, Last>>();

  constructor(host: RejoinHost) {
    this.#host = host;
    const { roomBytes: bytes, maxBytes } = host;
    // As it came, as it is written, and what is in hand meanwhile.
    this.#room = new PastRoom({ bytes, most: 2.5 * maxBytes, small: bytes / 64 });
  }

  /** Bytes of all pasts that are fetched, put together or read. */
  get held(): number {
    return this.#room.held;
  }

  /** Whether a waiting consumer's past has its end: what comes from now on is its live stream. */
  isPlaced(consumer: Consumer): boolean {
    return this.#readers.get(consumer)?.isPlaced ?? false;
  }

  /** It has its past, or has gone. Idempotent. */
  leave(consumer: Consumer): void {
    const making = this.#readers.get(consumer);
    this.#readers.delete(consumer);
    making?.leave(consumer);
  }

  /** Whether the stream comes in from every consolidator that answers, and at least as far as `seen`. */
  isCurrent(hub: Hub, seen?: Cursor): boolean {
    const { archive } = this.#host;
    if (!archive.isSettled) return false;
    for (const node of archive.nodes.keys()) {
      const offset = hub.position.offsetOf(node);
      if (offset === undefined || offset < (seen?.get(node) ?? 0)) return false;
    }
    return true;
  }

  /** Resolves when the stream comes in from wherever it can. */
  async attend(hub: Hub, seen?: Cursor): Promise<void> {
    await this.#host.archive.settled();
    await hub.until(() => this.isCurrent(hub, seen), ATTEND_MS);
  }

  /** Has a waiting consumer begin; what cannot be had is told. Does not reject. */
  async begin(hub: Hub, consumer: Consumer, asked: PastAsked): Promise<void> {
    const seen = 'cursor' in asked ? asked.cursor : undefined;
    this.#readers.set(consumer, undefined);
    await this.attend(hub, seen);
    if (!this.#readers.has(consumer)) return;
    if ('cursor' in asked) {
      if (seen === undefined) return this.#beginBlind(hub, consumer);
      return this.#gather(hub, { consumer, seen, owed: asked.owed });
    }
    await this.#beginWithLast(hub, consumer, asked);
  }

  /** Nobody knows where this reader was, or could fetch what it asked for. */
  #beginBlind(hub: Hub, consumer: Consumer): void {
    const { encoder, end } = consumer.view;
    const notice = pieceOf(encoder.notice(absenceNotice(Date.now())), 0);
    this.#release(hub, consumer, [notice], end, hub.position.text);
  }

  async #beginWithLast(hub: Hub, consumer: Consumer, asked: LastAsked): Promise<void> {
    const { view } = consumer;
    if (asked.tail === 0) return this.#release(hub, consumer, [], view.end, hub.position.text);
    const key = `${asked.tail} ${asked.since}`;
    const known = this.#lasts.get(view)?.get(key);
    const last = known && isStillLast(known, consumer) ? known : this.#openLast(hub, view, asked, key);
    this.#join(consumer, last.making);
    const made = await last.making.result;
    if (!this.#readers.has(consumer)) return;
    if (made === undefined || last.place === undefined) return this.#beginBlind(hub, consumer);
    const head = made.notices.map((notice) => view.encoder.notice(notice)).join('');
    this.#release(hub, consumer, [pieceOf(head, 0), ...made.pieces], last.place, last.seam);
  }

  #openLast(hub: Hub, view: View, asked: LastAsked, key: string): Last {
    const share = this.#room.open();
    const compose = async () => {
      last.making.isPlaced = true;
      last.place = view.end;
      last.seam = hub.position.text;
      return this.#composeLast(hub, view, asked, share);
    };
    const known = this.#lasts.get(view) ?? new Map<string, Last>();
    const onSealed = () => {
      if (known.get(key) === last) known.delete(key);
      if (known.size === 0) this.#lasts.delete(view);
    };
    const last: Last = { making: this.#make(share, onSealed, compose), place: undefined, seam: '' };
    known.set(key, last);
    this.#lasts.set(view, known);
    return last;
  }

  async #composeLast(hub: Hub, view: View, asked: LastAsked, share: Share) {
    const { cursor: ends } = hub.position;
    const { tail = Number.POSITIVE_INFINITY } = asked;
    const isFiltered = view.filter.matches !== undefined || view.filter.narrows;
    // How far back the last n are that a filter lets through is known only when they have been looked at.
    const start = isFiltered || tail === Number.POSITIVE_INFINITY ? { from: 0 } : { tail };
    const wanted = this.#wanted(hub, () => (asked.since === undefined ? start : { since: asked.since }));
    const overhead = overheadOf([view], hub);
    const { recalled, failed } = await this.#recall(wanted, share, overhead);
    const { forgotten, cut } = missingOf(recalled);
    let items = await this.#merge(recalled, overhead);
    const before = bytesOf(items);
    if (asked.since !== undefined) items = await since(items, asked.since, this.#slices);
    if (tail !== Number.POSITIVE_INFINITY) items = await lastOf(items, tail, view.filter, this.#slices);
    share.give(before - bytesOf(items));
    const past = this.#past(items, baseOf(items, ends), share, 1);
    await past.encodeFor(view);
    past.forgetItems();
    const opening = (await past.open(view)) as Opening;
    const notices = failed.size > 0 ? [absenceNotice(Date.now())] : [];
    if (asked.since !== undefined && tail === Number.POSITIVE_INFINITY)
      notices.push(...forgottenNotices(forgotten, cut + opening.cut));
    return { pieces: opening.pieces, notices };
  }

  /** Those who are ready in the same turn of the event loop are served together. */
  #gather(hub: Hub, waiting: Waiting): void {
    const others = this.#gathering.get(hub);
    if (others !== undefined) return void others.push(waiting);
    this.#gathering.set(hub, [waiting]);
    void nextTurn().then(() => {
      const all = this.#gathering.get(hub) ?? [];
      this.#gathering.delete(hub);
      this.#serve(hub, all);
    });
  }

  #serve(hub: Hub, all: readonly Waiting[]): void {
    const known = this.#sessions.get(hub);
    let own: Session | undefined;
    for (const waiting of all) {
      if (!this.#readers.has(waiting.consumer)) continue;
      if (known !== undefined && this.#covers(known, waiting)) void this.#resume(hub, known, waiting);
      else void this.#resume(hub, (own ??= this.#open(hub)), waiting);
    }
  }

  /** @param isShared whether others may join it */
  #open(hub: Hub, isShared = true): Session {
    const share = this.#room.open();
    const onSealed = () => {
      if (this.#sessions.get(hub) === session) this.#sessions.delete(hub);
      session.isSealed = true;
      letGo(session);
    };
    const compose = async () => {
      // Whoever waited for room may have waited long.
      if (!this.isCurrent(hub)) await this.attend(hub);
      return this.#compose(hub, session, share);
    };
    const session: Session = {
      making: this.#make(share, onSealed, compose),
      first: [],
      span: undefined,
      past: undefined,
      opening: 0,
      isSealed: false,
    };
    if (isShared) this.#sessions.set(hub, session);
    return session;
  }

  /** Asks for what the one who has seen least wants. */
  async #compose(hub: Hub, session: Session, share: Share): Promise<Composed> {
    const { making } = session;
    const all = session.first.filter(({ consumer }) => this.#readers.get(consumer) === making);
    const from = new Map<string, number>();
    const until = new Map<string, number>();
    const wanted = this.#wanted(hub, (node) => {
      const least = all.reduce(
        (min, { seen }) => Math.min(min, seen.get(node) ?? 0),
        Number.POSITIVE_INFINITY,
      );
      from.set(node, least);
      until.set(node, hub.position.offsetOf(node) as number);
      return { from: least };
    }).filter(({ node, until: end }) => (from.get(node) as number) < end);
    const { cursor: holding } = hub.position;
    making.isPlaced = true;
    session.span = { from, until, seam: { places: hub.ends, text: hub.position.text } };
    const views = new Set(all.map(({ consumer }) => consumer.view));
    const overhead = overheadOf(views, hub);
    const { recalled, failed } = await this.#recall(wanted, share, overhead);
    const missing = missingOf(recalled);
    const having = new Set(recalled.filter(({ batches }) => batches.length > 0).map(({ node }) => node));
    const base = new Map([...from].filter(([node]) => holding.has(node) || having.has(node)));
    const items = await this.#merge(recalled, overhead);
    const past = this.#past(items, base, share, views.size);
    for (const view of views) await past.encodeFor(view);
    session.past = past;
    return { past, failed, ...missing };
  }

  /** Whether a past that was asked for by others is all that this reader wants. */
  #covers({ making, span, past }: Session, { consumer, seen }: Waiting): boolean {
    if (span === undefined) return true;
    const { view } = consumer;
    const place = span.seam.places.get(view);
    if (place === undefined || !isNear(place, consumer)) return false;
    if (making.isMade && !past?.has(view)) return false;
    for (const node of this.#host.archive.nodes.keys()) {
      const least = span.from.get(node);
      const most = span.until.get(node);
      const own = seen.get(node) ?? 0;
      if (least === undefined || most === undefined || own < least || own > most) return false;
    }
    return true;
  }

  async #resume(hub: Hub, session: Session, waiting: Waiting): Promise<void> {
    const { consumer, seen, owed } = waiting;
    const { making } = session;
    const { view } = consumer;
    if (session.span === undefined) session.first.push(waiting);
    this.#join(consumer, making);
    session.opening += 1;
    const began = await this.#openFor(session, waiting);
    session.opening -= 1;
    letGo(session);
    if (!this.#readers.has(consumer)) return;
    const { span } = session;
    if (began === undefined || span === undefined) return this.#beginBlind(hub, consumer);
    const { failed, forgotten, cut, opening } = began;
    if (opening === undefined) {
      making.leave(consumer);
      return this.#resume(hub, this.#open(hub, false), waiting);
    }
    const notices = forgottenNotices(forgotten, cut + opening.cut);
    if (this.#misses(hub, span.until, seen, failed)) notices.unshift(absenceNotice(Date.now()));
    if (owed !== undefined) notices.unshift(...owedNotices(owed));
    const place = span.seam.places.get(view) ?? view.end;
    const head = notices.map((notice) => view.encoder.notice(notice)).join('');
    this.#release(hub, consumer, [pieceOf(head, 0), ...opening.pieces], place, span.seam.text);
    // Its room was wanted while this reader's beginning was encoded.
    if (making.isClosed) consumer.forgo();
  }

  /** What was composed, and what of it this reader gets: nothing where it needs a past of its own. */
  async #openFor(session: Session, { consumer, seen }: Waiting) {
    const composed = await session.making.result;
    if (composed === undefined) return undefined;
    const starts = [...(session.span?.from ?? [])];
    const isFirst = starts.every(([node, offset]) => (seen.get(node) ?? 0) === offset);
    // What is forgotten was counted from where the first of them was.
    const isOwn = !isFirst && composed.forgotten !== 0;
    return { ...composed, opening: isOwn ? undefined : await composed.past.open(consumer.view, seen) };
  }

  /** Whether something may have passed that nobody can tell of any more. */
  #misses(hub: Hub, until: Cursor, seen: Cursor, failed: ReadonlySet<string>): boolean {
    const { archive, connected } = this.#host;
    if (failed.size > 0 || connected > archive.nodes.size) return true;
    const nodes = new Set([...seen.keys(), ...archive.nodes.keys()]);
    for (const node of nodes) {
      const own = seen.get(node) ?? 0;
      const end = until.get(node);
      if (end !== undefined) {
        // Ahead of all that came here: a claim, or a loss on the way here that nothing has told of.
        if (own > end) return true;
        continue;
      }
      // It is gone, or remembers nothing; what it had may have been here while the reader was.
      const offset = hub.position.offsetOf(node);
      if (offset === undefined || own < offset) return true;
    }
    return false;
  }

  /** What is to be asked of whom. */
  #wanted(hub: Hub, startFor: (node: string) => Wanted['start']): Wanted[] {
    const wanted: Wanted[] = [];
    for (const [node, { remembers }] of this.#host.archive.nodes) {
      const until = hub.position.offsetOf(node);
      if (remembers && until !== undefined)
        wanted.push({ node, stream: hub.prefix, until, start: startFor(node) });
    }
    return wanted;
  }

  async #recall(
    wanted: readonly Wanted[],
    room: Share,
    overhead: number,
  ): Promise<{ recalled: Recalled[]; failed: Set<string> }> {
    const { archive, maxBytes } = this.#host;
    const allowance = { room, overhead, maxBytes: Math.floor(maxBytes / Math.max(1, wanted.length)) };
    const failed = new Set<string>();
    const recalled: Recalled[] = [];
    const rest = [...wanted];
    const work = async () => {
      for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
        try {
          recalled.push(await recall(archive, one, allowance));
        } catch {
          failed.add(one.node);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(NODES_AT_A_TIME, rest.length) }, work));
    return { recalled, failed };
  }

  #merge(recalled: Recalled[], overhead: number): Promise<PastItem[]> {
    return merge(recalled, { split: this.#host.split, slices: this.#slices, overhead });
  }

  /** @param views that it is encoded for */
  #past(items: readonly PastItem[], base: Cursor, room: Share, views: number): Past {
    const maxBytes = Math.floor(this.#host.maxBytes / Math.max(1, views));
    return new Past(items, base, { slices: this.#slices, room, maxBytes });
  }

  #make<T>(share: Share, onSealed: () => void, work: () => Promise<T>): Making<T> {
    const inHand = Math.min(MAX_PAGE_BYTES, this.#host.maxBytes);
    return new Making({ share, inHand, shareFor: SHARE_MS, onSealed }, work);
  }

  #join(consumer: Consumer, making: Making<unknown>): void {
    this.#readers.set(consumer, making);
    making.join(consumer);
  }

  #release(hub: Hub, consumer: Consumer, pieces: readonly Piece[], place: Place, seam: string): void {
    const status = consumer.view.encoder.event('status', this.#host.statusOf(hub), seam);
    const prelude = new Prelude([...pieces, pieceOf(status, 0)], () => this.leave(consumer));
    consumer.begin(prelude, place);
  }
}

/** What it was made of is needed no more when nobody begins with it any more. */
function letGo({ isSealed, opening, past }: Session): void {
  if (isSealed && opening === 0) past?.forgetItems();
}

/** Whether little enough of the live stream stands behind a past for a reader to begin with both. */
function isNear(place: Place, { view, options }: Consumer): boolean {
  return (
    view.records - recordAt(place) <= options.hwm * SHARE_PART &&
    view.bytes - byteAt(place) <= options.hwmBytes * SHARE_PART
  );
}

/** The last n of a past that is made are still the last ones where nothing has come since. */
function isStillLast({ place, making }: Last, consumer: Consumer): boolean {
  if (place === undefined) return true;
  return making.isMade ? consumer.view.records === recordAt(place) : isNear(place, consumer);
}

/** What each record of a past counts for besides its line, bytes: what it costs in memory, and what views write with it. */
function overheadOf(views: Iterable<View>, hub: Hub): number {
  const { text } = hub.position;
  let most = 0;
  for (const { encoder } of views) most = Math.max(most, encoder.record(SAMPLE, 0, text).length);
  return RECORD_BYTES + most;
}

const SAMPLE = new RecordBatch({ class: 'system', component: 'a' }, ['{}'], { node: '', offset: 0, at: 0 });

function missingOf(recalled: readonly Recalled[]): { forgotten: number | null; cut: number } {
  let forgotten: number | null = 0;
  let cut = 0;
  for (const one of recalled) {
    forgotten = forgotten === null || one.forgotten === null ? null : forgotten + one.forgotten;
    cut += one.cut;
  }
  return { forgotten, cut };
}

/** What the relay before was to tell, and died. */
function owedNotices(owed: Owed): DropNotice[] {
  const losses = lossesOwed(owed);
  const now = Date.now();
  return noticesOf(losses, losses, { since: now, until: now });
}

function forgottenNotices(forgotten: number | null, cut: number): DropNotice[] {
  const now = Date.now();
  const notices: DropNotice[] = [];
  if (forgotten !== 0) notices.push(forgottenNotice(forgotten, 'consolidator', now));
  if (cut > 0) notices.push(forgottenNotice(cut, 'relay', now));
  return notices;
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { lossesOwed } from '../accounting/index.js';
import type { Cursor, Owed } from '../wire/index.js';
import type { Archive } from './archive.js';
import { baseOf, lastOf, merge, since, type SplitBatch } from './compose.js';
import type { Consumer } from './consumer.js';
import type { Hub } from './hub.js';
import { absenceNotice, forgottenNotice, noticesOf, type DropNotice } from './notice.js';
import { Past } from './past.js';
import { recall, type Recalled, type Wanted } from './recall.js';
import { byteAt, recordAt, type Place, type View } from './view.js';

/** Where in the past a reader begins. */
export type PastAsked =
  /** Behind what it has seen; undefined where that could not be read. And what it was to be told of then. */
  | { readonly cursor: Cursor | undefined; readonly owed?: Owed | undefined }
  /** With the last `tail` records, with those since a time in ms since the epoch, or with the last of those. */
  | { readonly tail?: number; readonly since?: number };

export interface RejoinHost {
  readonly archive: Archive;
  /** Consolidators connected now. */
  readonly connected: number;
  readonly split: SplitBatch;
  /** Most bytes of one past. */
  readonly maxBytes: number;
  /** What a `status` event of the hub says. */
  statusOf(hub: Hub): unknown;
}

/** How long a stream may take to come in as far as its reader has read, from each consolidator, ms. */
const ATTEND_MS = 2_000;

/** Who comes within so long after a past was asked for shares it, ms. */
const SHARE_MS = 2_000;

/** And only while no more of the live stream stands behind it than this share of the reader's buffer. */
const SHARE_PART = 0.25;

/** A reader that waits for its past. */
interface Waiting {
  readonly consumer: Consumer;
  readonly seen: Cursor;
  readonly owed: Owed | undefined;
}

/**
 * What one or more readers of a stream wait for: everything that the consolidators remember from one position up to
 * another, which is where the views' places stand.
 */
interface Session {
  readonly from: Cursor;
  readonly until: Cursor;
  readonly places: ReadonlyMap<View, Place>;
  readonly seam: string;
  readonly openedAt: number;
  readonly composed: Promise<Composed>;
}

interface Composed {
  readonly past: Past;
  /** Consolidators that did not answer. */
  readonly failed: ReadonlySet<string>;
  readonly forgotten: number | null;
  readonly cut: number;
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
 * A relay that dies sends all its readers to the others at once. Those who read one stream share one past.
 */
export class Rejoin {
  readonly #host: RejoinHost;
  readonly #gathering = new Map<Hub, Waiting[]>();
  readonly #sessions = new Map<Hub, Session>();

  constructor(host: RejoinHost) {
    this.#host = host;
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
    await this.attend(hub, seen);
    if ('cursor' in asked) {
      if (seen === undefined) return this.#beginBlind(hub, consumer);
      return this.#gather(hub, { consumer, seen, owed: asked.owed });
    }
    await this.#beginWithLast(hub, consumer, asked);
  }

  /** Nobody knows where this reader was. */
  #beginBlind(hub: Hub, consumer: Consumer): void {
    const past = new Past([], new Map());
    const notices = [absenceNotice(Date.now())];
    this.#release(hub, consumer, past, undefined, consumer.view.end, notices, hub.position.text);
  }

  async #beginWithLast(hub: Hub, consumer: Consumer, asked: Exclude<PastAsked, { cursor: unknown }>) {
    const { view } = consumer;
    const place = view.end;
    const seam = hub.position.text;
    const { cursor: ends } = hub.position;
    const { tail = Number.POSITIVE_INFINITY } = asked;
    const isFiltered = view.filter.matches !== undefined || view.filter.narrows;
    // How far back the last n are that a filter lets through is known only when they have been looked at.
    const start = isFiltered || tail === Number.POSITIVE_INFINITY ? { from: 0 } : { tail };
    const wanted = this.#wanted(hub, () => (asked.since === undefined ? start : { since: asked.since }));
    const { recalled, failed } = tail === 0 ? NOTHING : await this.#recall(wanted);
    let items = merge(recalled, this.#host.split);
    if (asked.since !== undefined) items = since(items, asked.since);
    if (tail !== Number.POSITIVE_INFINITY) items = lastOf(items, tail, view.filter);
    const notices = failed.size > 0 ? [absenceNotice(Date.now())] : [];
    if (asked.since !== undefined && tail === Number.POSITIVE_INFINITY) {
      const { forgotten, cut } = missingOf(recalled);
      notices.push(...forgottenNotices(forgotten, cut));
    }
    this.#release(hub, consumer, new Past(items, baseOf(items, ends)), undefined, place, notices, seam);
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
    const rest: Waiting[] = [];
    for (const waiting of all) {
      if (known !== undefined && this.#covers(known, waiting)) void this.#resume(hub, known, waiting, true);
      else rest.push(waiting);
    }
    if (rest.length === 0) return;
    const session = this.#open(hub, rest);
    for (const waiting of rest) void this.#resume(hub, session, waiting, rest.length > 1);
  }

  /** Asks for what the one who has seen least wants. */
  #open(hub: Hub, all: readonly Waiting[]): Session {
    const from = new Map<string, number>();
    const until = new Map<string, number>();
    const wanted = this.#wanted(hub, (node) => {
      const least = Math.min(...all.map(({ seen }) => seen.get(node) ?? 0));
      from.set(node, least);
      until.set(node, hub.position.offsetOf(node) as number);
      return { from: least };
    }).filter(({ node, until: end }) => (from.get(node) as number) < end);
    const { cursor: holding } = hub.position;
    const compose = async (): Promise<Composed> => {
      const { recalled, failed } = await this.#recall(wanted);
      const items = merge(recalled, this.#host.split);
      const having = new Set(recalled.filter(({ batches }) => batches.length > 0).map(({ node }) => node));
      const base = new Map([...from].filter(([node]) => holding.has(node) || having.has(node)));
      return { past: new Past(items, base), failed, ...missingOf(recalled) };
    };
    const session = {
      from,
      until,
      places: hub.ends,
      seam: hub.position.text,
      openedAt: performance.now(),
      composed: compose(),
    };
    this.#sessions.set(hub, session);
    setTimeout(() => {
      if (this.#sessions.get(hub) === session) this.#sessions.delete(hub);
    }, SHARE_MS).unref();
    return session;
  }

  /** Whether a past that was asked for by others is all that this reader wants. */
  #covers({ from, until, places, openedAt }: Session, { consumer, seen }: Waiting): boolean {
    const place = places.get(consumer.view);
    if (place === undefined || performance.now() - openedAt > SHARE_MS) return false;
    const { view, options } = consumer;
    if (view.records - recordAt(place) > options.hwm * SHARE_PART) return false;
    if (view.bytes - byteAt(place) > options.hwmBytes * SHARE_PART) return false;
    for (const node of this.#host.archive.nodes.keys()) {
      const least = from.get(node);
      const most = until.get(node);
      const own = seen.get(node) ?? 0;
      if (least === undefined || most === undefined || own < least || own > most) return false;
    }
    return true;
  }

  async #resume(hub: Hub, session: Session, waiting: Waiting, isShared: boolean): Promise<void> {
    const { consumer, seen, owed } = waiting;
    const { past, failed, forgotten, cut } = await session.composed;
    const isFirst = [...session.from].every(([node, offset]) => (seen.get(node) ?? 0) === offset);
    // What is forgotten was counted from where the first of them was.
    if (isShared && !isFirst && forgotten !== 0) {
      const own = this.#open(hub, [waiting]);
      return this.#resume(hub, own, waiting, false);
    }
    const notices = forgottenNotices(forgotten, cut);
    if (this.#misses(hub, session, seen, failed)) notices.unshift(absenceNotice(Date.now()));
    if (owed !== undefined) notices.unshift(...owedNotices(owed));
    const place = session.places.get(consumer.view) ?? consumer.view.end;
    this.#release(hub, consumer, past, seen, place, notices, session.seam);
  }

  /** Whether something may have passed that nobody can tell of any more. */
  #misses(hub: Hub, { until }: Session, seen: Cursor, failed: ReadonlySet<string>): boolean {
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

  async #recall(wanted: readonly Wanted[]): Promise<{ recalled: Recalled[]; failed: Set<string> }> {
    const { archive, maxBytes } = this.#host;
    const share = maxBytes / Math.max(1, wanted.length);
    const failed = new Set<string>();
    const recalled: Recalled[] = [];
    await Promise.all(
      wanted.map(async (one) => {
        try {
          recalled.push(await recall(archive, one, share));
        } catch {
          failed.add(one.node);
        }
      }),
    );
    return { recalled, failed };
  }

  #release(
    hub: Hub,
    consumer: Consumer,
    past: Past,
    seen: Cursor | undefined,
    place: Place,
    notices: readonly DropNotice[],
    seam: string,
  ): void {
    const { encoder } = consumer.view;
    const head = notices.map((notice) => encoder.notice(notice)).join('');
    const tail = encoder.event('status', this.#host.statusOf(hub), seam);
    consumer.begin(past.prelude(consumer.view, seen, head, tail), place);
  }
}

const NOTHING = { recalled: [], failed: new Set<string>() };

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

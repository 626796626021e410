import { addLosses, isNone, lossOf, NO_LOSSES, SILENT_SOURCES, sumLosses } from '../accounting/index.js';
import { parseMark, parseTopic, streamsOf, type Mark, type Message, type Topic } from '../wire/index.js';
import type { Archive } from './archive.js';
import type { Hub } from './hub.js';
import type { Before, RelayIntake } from './intake.js';
import { Newcomers } from './newcomers.js';
import type { Pacer } from './pacer.js';

/** How often sources that fell silent are looked for, ms. */
const SILENT_MS = 500;

/** An offset in front of a consolidator's first. */
const BEFORE_ALL = -1;

export interface InflowOptions {
  readonly intake: RelayIntake;
  /** By prefix: the streams that are read. */
  readonly hubs: ReadonlyMap<string, Hub>;
  readonly pacer: Pacer;
  /** Undefined where consolidators cannot be asked for what they remember. */
  readonly archive: Archive | undefined;
  /** Most bytes, over all consolidators that are caught up with at a time. */
  readonly maxReplayBytes: number;
  /** What a run has sent since its start is about to be given to the readers of a hub. */
  readonly onAdmit: (node: string, hub: Hub) => void;
}

/** What the consolidators send, from the socket into the hubs of those who read it, with what of it is missing. */
export class Inflow {
  readonly #intake: RelayIntake;
  readonly #hubs: ReadonlyMap<string, Hub>;
  readonly #pacer: Pacer;
  readonly #newcomers: Newcomers;
  readonly #silence: NodeJS.Timeout;
  /** Accounts that the intake had forgotten when the hubs last heard of it. */
  #forgotten = 0;
  #lookedAt = performance.now();
  #stopped = false;

  constructor({ intake, hubs, pacer, archive, maxReplayBytes, onAdmit }: InflowOptions) {
    this.#intake = intake;
    this.#hubs = hubs;
    this.#pacer = pacer;
    this.#newcomers = new Newcomers({
      archive,
      maxBytes: maxReplayBytes,
      hubs: () => hubs.values(),
      deliver: (message, only) => this.#deliver(message, only),
      hear: (mark) => this.#hear(mark),
      admit: (node, hub, startedAt) => {
        // What comes now of a consolidator that was found late, a stream's readers have been due since its start.
        hub.attendance.note(node, BEFORE_ALL, startedAt);
        onAdmit(node, hub);
      },
      miss: (hub) => {
        hub.tellUnknown(Date.now());
        pacer.mark(hub);
      },
    });
    this.#silence = setInterval(() => this.#tellSilent(), SILENT_MS).unref();
  }

  /** Takes the frames of one message. Hot. */
  take(frames: readonly Buffer[]): void {
    if (this.#stopped) return;
    const mark = parseMark(frames);
    if (mark !== undefined) {
      if (!this.#newcomers.keepsMark(mark)) this.#hear(mark);
      return;
    }
    const message = this.#intake.read(frames);
    if (message !== undefined && !this.#newcomers.keeps(message)) this.#deliver(message);
  }

  /** The connection to a consolidator was cut: what it sent meanwhile has not come. */
  doubt(node: string): void {
    this.#newcomers.doubt(node);
  }

  /** A consolidator's run has ended: what readers have read of it is no position any more. */
  forget(node: string): void {
    this.#newcomers.forget(node);
    for (const hub of this.#hubs.values()) hub.position.forget(node);
  }

  /** Takes nothing more; what is kept of newcomers is delivered first. */
  stop(): void {
    this.#newcomers.giveUp();
    this.#stopped = true;
  }

  close(): void {
    clearInterval(this.#silence);
    this.#newcomers.close();
  }

  /** Hot: once a message. To all who read it, or to those of some hubs. */
  #deliver(message: Message, only?: ReadonlySet<Hub>): void {
    if (this.#stopped) return;
    const arrival = this.#intake.accept(message, performance.now());
    if (arrival === undefined) return;
    const { batch, losses, seen, topic, before } = arrival;
    const lost = losses[0] + losses[1] + losses[2] > 0;
    if (before !== undefined) this.#loseBefore(topic, batch.node, before);
    for (const prefix of streamsOf(topic)) {
      const hub = this.#hubs.get(prefix);
      if (hub === undefined || (only !== undefined && !only.has(hub))) continue;
      if (batch.node !== '') hub.hear(batch.node, batch.offset, true);
      if (!lost && batch.lines.length === seen) continue;
      if (lost) hub.lose(losses, Date.now());
      if (batch.lines.length > seen) hub.append(batch, seen);
      this.#pacer.mark(hub);
    }
  }

  /** From here on a stream comes in from one more consolidator. */
  #hear({ prefix, node, offset, at, holds }: Mark): void {
    const hub = this.#hubs.get(prefix);
    if (hub === undefined) return;
    hub.attendance.note(node, offset, at);
    hub.hear(node, offset + 1, holds);
  }

  /** A source is seen for the first time and has begun before: what is missing was lost for those streams that were read. */
  #loseBefore(topic: Topic, node: string, { losses, begin, sinceOrigin, origin }: Before): void {
    if (this.#forgotten !== this.#intake.forgotten) {
      this.#forgotten = this.#intake.forgotten;
      for (const { attendance } of this.#hubs.values()) attendance.forget();
    }
    let most = NO_LOSSES;
    for (const prefix of streamsOf(topic)) {
      const hub = this.#hubs.get(prefix);
      if (hub === undefined) continue;
      const { attendance } = hub;
      const wasThere = origin !== undefined && attendance.coversOrigin(origin);
      const isDue = wasThere || attendance.covers(node, begin);
      const due = addLosses(wasThere ? sinceOrigin : NO_LOSSES, isDue ? losses : NO_LOSSES);
      if (isNone(due)) continue;
      hub.lose(due, Date.now());
      this.#pacer.mark(hub);
      if (sumLosses(due) > sumLosses(most)) most = due;
    }
    this.#intake.count(most);
  }

  /**
   * A source that promised heartbeats and is not heard of was killed, or is cut off. What it may have lost after its last
   * word cannot be counted, so its readers are told that much.
   */
  #tellSilent(): void {
    const now = performance.now();
    const wasHeldUp = now - this.#lookedAt > 2 * SILENT_MS;
    this.#lookedAt = now;
    // This process stood still, and what the sources said meanwhile is waiting to be read.
    if (wasHeldUp) return;
    for (const name of this.#intake.silent(now)) {
      const topic = parseTopic(name);
      for (const prefix of topic ? streamsOf(topic) : []) {
        const hub = this.#hubs.get(prefix);
        if (hub === undefined) continue;
        hub.lose(lossOf(SILENT_SOURCES, 1), Date.now());
        this.#pacer.mark(hub);
      }
    }
  }
}

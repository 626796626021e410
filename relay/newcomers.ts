import type { Mark, Message } from '../wire/index.js';
import type { Archive } from './archive.js';
import { CatchUp, type Delivery, type Due } from './catch-up.js';
import type { Hub } from './hub.js';
import { Room } from './room.js';

export interface NewcomersHost extends Delivery {
  /** Undefined where consolidators cannot be asked for what they remember. */
  readonly archive: Archive | undefined;
  /** Most bytes, over all that are caught up with at a time: what is kept of them, and what they answer. */
  readonly maxBytes: number;
  /** The streams that are read. */
  hubs(): Iterable<Hub>;
}

/** Consolidators that are caught up with at a time; of further ones the stream begins where it is found. */
const MAX_AT_A_TIME = 256;

/** Runs that are known of; beyond it the one known longest is forgotten, and caught up with again to no effect. */
const MAX_RUNS = 100_000;

/**
 * Consolidators that this relay has just found: new ones, those that have been started again, those that were cut off.
 *
 * A VM is up before a relay has heard of it, and sidecars have already sent what they had. To who has been reading
 * since before, that is not the past: it was due, and only the relay came late. So what such a consolidator remembers is
 * put in front of what comes from it live, as if the relay had been there from its start, accounts included. Its messages
 * are kept back meanwhile; those of all others go on.
 *
 * How long the run has been up is in its marks, measured there, so that no two clocks are compared.
 *
 * The same goes for one whose connection was cut: what it sent meanwhile is asked for, from where each stream stands.
 */
export class Newcomers {
  readonly #host: NewcomersHost;
  /** True of those whose messages are taken as they come; false of those whose connection is gone since. */
  readonly #runs = new Map<string, boolean>();
  readonly #catching = new Map<string, CatchUp>();
  readonly #room: Room;

  constructor(host: NewcomersHost) {
    this.#host = host;
    this.#room = new Room(host.maxBytes);
  }

  /** Whether the message is kept until its consolidator has been caught up with. Hot: once a message. */
  keeps(message: Message): boolean {
    const node = message.ledger?.node;
    if (node === undefined || this.#runs.get(node)) return false;
    return this.#catchUpWith(node)?.keep(message, message.body.length) ?? false;
  }

  /** The same of a mark, which has to be taken in between the messages that it stands between. */
  keepsMark(mark: Mark): boolean {
    if (this.#runs.get(mark.node)) return false;
    const catchUp = this.#catchUpWith(mark.node);
    if (!catchUp?.keep(mark, 0)) return false;
    this.#runs.delete(mark.node);
    const { up = Number.POSITIVE_INFINITY } = mark;
    catchUp.mark(mark, () => dueOf(this.#host.hubs(), mark.node, performance.now() - up));
    return true;
  }

  /** What this run sent for a while has not come, and may be asked for. */
  doubt(node: string): void {
    if (this.#runs.has(node)) this.#runs.set(node, false);
  }

  /** This run has ended. */
  forget(node: string): void {
    this.#catching.get(node)?.giveUp();
    this.#runs.delete(node);
  }

  /** No time is left to ask: what was kept is delivered, and that something is missing is told. */
  giveUp(): void {
    for (const catchUp of this.#catching.values()) catchUp.giveUp();
  }

  close(): void {
    for (const catchUp of this.#catching.values()) catchUp.close();
    this.#catching.clear();
  }

  #catchUpWith(node: string): CatchUp | undefined {
    const known = this.#catching.get(node);
    if (known !== undefined) return known;
    const { archive } = this.#host;
    if (archive === undefined || this.#catching.size >= MAX_AT_A_TIME) {
      this.#know(node);
      return undefined;
    }
    const onSettled = () => {
      this.#catching.delete(node);
      // What was still on its way when the connection went says nothing of the next one.
      if (!this.#runs.has(node)) this.#know(node);
    };
    const catchUp = new CatchUp(node, { archive, room: this.#room, onSettled, delivery: this.#host });
    this.#catching.set(node, catchUp);
    return catchUp;
  }

  #know(node: string): void {
    if (this.#runs.size >= MAX_RUNS) this.#runs.delete(this.#runs.keys().next().value as string);
    this.#runs.set(node, true);
  }
}

/** The streams that have been read since before the run began, or of which something has come from it. */
function dueOf(hubs: Iterable<Hub>, node: string, began: number): Due[] {
  const due: Due[] = [];
  for (const hub of hubs) {
    const position = hub.position.offsetOf(node);
    if (position !== undefined || hub.since < began) due.push({ hub, position });
  }
  return due;
}

import { Order } from './order.js';
import { WITNESSED, type ProgramPlan, type ReaderPlan } from './plan.js';
import { fetchRows, Metrics } from './server-view.js';
import { isWithin, Sitting } from './sitting.js';

type Witnessed = (typeof WITNESSED)[number];

export interface EraOptions {
  readonly relay: number;
  readonly url: string;
  /** No program has printed yet. */
  readonly isFirst: boolean;
  readonly programOf: (run: number) => ProgramPlan;
}

/** One life of one relay, with all who read from it. */
export class Era {
  readonly relay: number;
  readonly url: string;
  readonly isFirst: boolean;
  readonly sittings: Sitting[] = [];
  /** Its relay was killed or drained. */
  isOver = false;
  readonly #problems: string[] = [];
  readonly #orders = new Map(WITNESSED.map((stream) => [stream, new Order()]));
  readonly #programOf: (run: number) => ProgramPlan;
  readonly #taken = new Set<Sitting>();

  constructor({ relay, url, isFirst, programOf }: EraOptions) {
    this.relay = relay;
    this.url = url;
    this.isFirst = isFirst;
    this.#programOf = programOf;
  }

  get witnesses(): Sitting[] {
    return this.sittings.filter(({ isWitness }) => isWitness);
  }

  /** The one whose stream the stream is a part of. */
  witnessOf(stream: string): Sitting {
    const witnessed = witnessedBy(stream);
    return this.witnesses.find(({ plan }) => plan.stream === witnessed) as Sitting;
  }

  /** The first reader of a witnessed stream is its witness. @param isLate programs have printed by now */
  async seat(plan: ReaderPlan, isLate: boolean): Promise<Sitting> {
    const witnessed = witnessedBy(plan.stream);
    const sitting = new Sitting({
      plan,
      url: this.url,
      isFromStart: this.isFirst && !isLate,
      order: this.#orders.get(witnessed) as Order,
      isWitness: this.witnesses.every((witness) => witness.plan.stream !== witnessed),
      programOf: this.#programOf,
    });
    // Before it is there: the order must keep what it will be held against.
    this.sittings.push(sitting);
    try {
      await sitting.open();
    } catch (error) {
      this.sittings.splice(this.sittings.indexOf(sitting), 1);
      throw error;
    }
    return sitting;
  }

  /** Compares what has come, and lets go of what nobody needs any more. */
  advance(): void {
    for (const { follower } of this.sittings) follower?.advance();
    for (const [stream, order] of this.#orders) {
      const needed = this.sittings
        .filter(({ plan, isWitness }) => !isWitness && witnessedBy(plan.stream) === stream)
        // The end of a drained relay's readers is compared when it has ended.
        .filter(({ isOver, follower, wasSentAway }) => !isOver || !wasSentAway || follower?.isWaiting)
        .map(({ follower }) => follower?.index ?? order.end);
      // One that comes now begins at the last stretch.
      order.trim(Math.min(order.end - 1, ...needed));
    }
  }

  /** Asks the relay for its account and holds it against what was read. */
  async look(): Promise<void> {
    const before = new Map(this.sittings.map((sitting) => [sitting, sitting.audit.delivered]));
    const rows = await fetchRows(this.url);
    for (const [sitting, received] of before) {
      if (sitting.isOver) continue;
      const own = rows.filter(({ hwm }) => hwm.records === sitting.plan.hwm);
      const [row] = own;
      // One that is disconnected leaves the list before its reader knows, and may be back before the other has read all.
      if (own.length === 1 && row !== undefined) sitting.checkRow(row, received);
    }
    const metrics = await Metrics.fetch(this.url);
    if (metrics.unaccounted !== 0)
      this.#problems.push(`${metrics.unaccounted} records unaccounted for in /metrics`);
  }

  /** Readers that were sent away for being slow, each of them once. */
  takeDisconnected(): Sitting[] {
    const gone = this.sittings.filter((sitting) => sitting.wasSentAway && !this.#taken.has(sitting));
    for (const sitting of gone) this.#taken.add(sitting);
    return gone;
  }

  /** Its relay is gone: what it had not said is gone as well, but for those of whom it took its leave. */
  async finish(wasDrained: boolean): Promise<void> {
    for (const sitting of this.sittings) sitting.hurry();
    await Promise.all(this.sittings.map(({ over }) => over));
    for (const { follower, wasSentAway, isComplete } of this.sittings) {
      follower?.finish(wasDrained && isComplete && !wasSentAway);
    }
  }

  /** All is at rest: nothing is on its way any more. Answers where order and relay disagree. */
  close(): string[] {
    const problems: string[] = [];
    for (const { follower, isOver, row, name } of this.sittings) {
      follower?.finish(!isOver);
      if (follower === undefined || isOver || follower.problem !== undefined) continue;
      if (follower.matched !== row?.matched)
        problems.push(`${name}: ${follower.matched} passed its relay for it, which says ${row?.matched}`);
    }
    return problems;
  }

  findings(): string[] {
    return [
      ...this.#problems.map((text) => `relay ${this.relay}: ${text}`),
      ...this.sittings.flatMap((sitting) => sitting.findings()),
    ];
  }
}

function witnessedBy(stream: string): Witnessed {
  return WITNESSED.find((witnessed) => isWithin(stream, witnessed)) as Witnessed;
}

import { unaccounted } from '../../accounting/index.js';
import type { ConsumerRow } from '../../relay/consumers-route.js';
import { Follower } from './follower.js';
import type { Order } from './order.js';
import { createParser, type StreamEvents } from './parse.js';
import type { ProgramPlan, ReaderPlan } from './plan.js';
import { Reader } from './reader.js';
import { kindOf, OWN_KINDS, StreamAudit } from './stream-audit.js';
import { FILTERS } from './words.js';

export interface SittingOptions {
  readonly plan: ReaderPlan;
  readonly url: string;
  /** It comes before any program prints. */
  readonly isFromStart: boolean;
  /** The order in which its relay passed lines; a witness writes it, the others are held against it. */
  readonly order: Order;
  readonly isWitness: boolean;
  readonly programOf: (run: number) => ProgramPlan;
}

/** One reader on one connection, with everything that is checked of it while it reads. */
export class Sitting {
  readonly plan: ReaderPlan;
  readonly isFromStart: boolean;
  readonly isWitness: boolean;
  readonly audit: StreamAudit;
  readonly follower: Follower | undefined;
  readonly problems: string[] = [];
  /** What the relay said of it last. */
  row: ConsumerRow | undefined;
  isOver = false;
  /** The relay ended the response; it was not cut. */
  isComplete = false;
  readonly #options: SittingOptions;
  #reader: Reader | undefined;

  constructor(options: SittingOptions) {
    const { plan, isFromStart, isWitness, order, programOf } = options;
    this.#options = options;
    this.plan = plan;
    this.isFromStart = isFromStart;
    this.isWitness = isWitness;
    this.audit = new StreamAudit({ isFromStart, isWitness });
    if (isWitness) return;
    const { stream, containers, filter } = plan;
    const names = containers?.map((name) => `${stream}/${name}`);
    const { passes } = FILTERS[filter];
    this.follower = new Follower({
      order,
      from: isFromStart ? 0 : undefined,
      wants: (run, number) => {
        const { topic } = programOf(run);
        return isWithin(topic, stream) && (names?.includes(topic) ?? true) && passes(number);
      },
    });
  }

  /** Resolves when the relay has answered. */
  async open(): Promise<void> {
    const { plan, url, order } = this.#options;
    const parse = createParser(plan.format, this.#events(order));
    this.#reader = await Reader.open(`${url}${pathOf(plan)}`, plan.manner, (text) => {
      try {
        parse(text);
      } catch (error) {
        this.#report((error as Error).message);
      }
    });
    const reader = this.#reader;
    void reader.over.then(() => {
      this.isOver = true;
      this.isComplete = reader.isComplete;
    });
  }

  /** Its policy is `disconnect`, and it came to that; or its relay went at that moment, which looks the same. */
  get wasSentAway(): boolean {
    return this.isOver && this.plan.overflow === 'disconnect';
  }

  get name(): string {
    const { relay, stream, filter, overflow, manner, hwm } = this.plan;
    return `relay ${relay}, ${stream} (${filter}), ${manner.kind}, ${overflow} at ${hwm}`;
  }

  /** Resolves when the response is over. */
  get over(): Promise<void> {
    return this.#reader?.over ?? Promise.resolve();
  }

  hurry(): void {
    this.#reader?.hurry();
  }

  close(): void {
    this.#reader?.close();
  }

  /** The law in the row, and the row against what had been read when it was asked for. */
  checkRow(row: ConsumerRow, receivedBefore: number): void {
    const { matched, delivered, dropped, queued, losses } = row;
    if (unaccounted(row) !== 0)
      this.#report(`matched ${matched} ≠ delivered ${delivered} + dropped ${dropped} + queued ${queued}`);
    let own = 0;
    for (const loss of losses) if (OWN_KINDS.has(kindOf(loss))) own += loss.count;
    if (own !== dropped) this.#report(`dropped ${dropped}, by reason ${own}`);
    if (delivered < receivedBefore)
      this.#report(`delivered ${delivered}, and ${receivedBefore} had been read`);
    const { row: before } = this;
    if (
      before !== undefined &&
      (matched < before.matched || delivered < before.delivered || dropped < before.dropped)
    )
      this.#report(`an account that shrinks: ${JSON.stringify([before, row])}`);
    this.row = row;
  }

  /** All that was found wrong. */
  findings(): string[] {
    const { problem } = this.follower ?? {};
    return [...this.problems, ...this.audit.problems, ...(problem === undefined ? [] : [problem])].map(
      (text) => `${this.name}: ${text}`,
    );
  }

  #events(order: Order): StreamEvents {
    const { audit, follower } = this;
    return {
      line(run, number) {
        audit.line(run, number);
        if (follower === undefined) order.push(run, number);
        else follower.line(run, number);
      },
      notice(notice) {
        audit.notice(notice);
        if (notice.count !== null && OWN_KINDS.has(kindOf(notice))) follower?.told(notice.count);
      },
      bye: () => audit.bye(),
    };
  }

  #report(problem: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}

const MAX_PROBLEMS = 5;

/** Whether a topic belongs to a stream. */
export function isWithin(topic: string, stream: string): boolean {
  return `${topic}/`.startsWith(`${stream}/`);
}

function pathOf({ stream, format, filter, containers, hwm, overflow }: ReaderPlan): string {
  const query = [
    `format=${format}&hwm=${hwm}&overflow=${overflow}`,
    FILTERS[filter].query,
    containers === undefined ? '' : `container=${containers.join(',')}`,
  ].filter((word) => word !== '');
  return `/v1/logs/${stream}?${query.join('&')}`;
}

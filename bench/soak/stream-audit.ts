import type { Notice, StreamEvents } from './parse.js';

/** How a notice's kind is named in accounts: `relay consumer-overflow`. */
export function kindOf({ hop, reason }: Pick<Notice, 'hop' | 'reason'>): string {
  return `${hop} ${reason}`;
}

/** Kinds of loss that are one consumer's own; all others were lost before they came to its relay's buffers. */
export const OWN_KINDS: ReadonlySet<string> = new Set(['relay consumer-overflow', 'relay shutdown']);

export interface StreamAuditOptions {
  /** The reader was there before any program printed, so that a run's first line is due to it. */
  readonly isFromStart: boolean;
  /**
   * It asked for everything and has dropped nothing itself: what is missing was lost before, and after each notice
   * of such losses nothing that shows is untold.
   */
  readonly isWitness: boolean;
}

/** One reader's own account of one stream: what it got, in which order, and what it was told is missing. */
export class StreamAudit implements StreamEvents {
  delivered = 0;
  /** Told missing, by kind. */
  readonly told = new Map<string, number>();
  /** Sources told of as silent. */
  silent = 0;
  ended = false;
  /** By run, the number of the last line. */
  readonly last = new Map<number, number>();
  /** By run, the number of the first line. */
  readonly first = new Map<number, number>();
  /** Lines that the numbers show to be missing so far. */
  missing = 0;
  readonly problems: string[] = [];
  readonly #options: StreamAuditOptions;
  #toldBefore = 0;
  #hasNews = false;

  constructor(options: StreamAuditOptions) {
    this.#options = options;
  }

  /** Hot: once a line. */
  line(run: number, number: number): void {
    if (this.#hasNews) this.#checkNews();
    this.delivered += 1;
    const last = this.last.get(run) ?? this.#begin(run, number);
    if (number <= last) this.#report(`run ${run}: line ${number} comes after ${last}`);
    this.missing += Math.max(0, number - last - 1);
    this.last.set(run, number);
  }

  notice(notice: Notice): void {
    const { count, total, sources = 0 } = notice;
    const kind = kindOf(notice);
    if (count === null) {
      this.silent += sources;
      return;
    }
    const sum = (this.told.get(kind) ?? 0) + count;
    this.told.set(kind, sum);
    if (count <= 0) this.#report(`a notice of ${count} lines`);
    // One who came later hears totals of the stream from before it came.
    const isOff = this.#options.isFromStart ? total !== sum : total === null || total < sum;
    if (isOff) this.#report(`${kind}: told ${sum} in all, and the notice says ${total}`);
    if (OWN_KINDS.has(kind)) {
      if (this.#options.isWitness) this.#report(`the witness dropped ${count}: it is too slow for this run`);
    } else {
      this.#hasNews = true;
    }
  }

  bye(): void {
    this.ended = true;
  }

  /** Told missing before its relay's buffers. */
  get upstream(): number {
    return this.#sum((kind) => !OWN_KINDS.has(kind));
  }

  /** Told missing because this reader was slow or its relay went away. */
  get own(): number {
    return this.#sum((kind) => OWN_KINDS.has(kind));
  }

  #sum(isWanted: (kind: string) => boolean): number {
    let sum = 0;
    for (const [kind, count] of this.told) if (isWanted(kind)) sum += count;
    return sum;
  }

  /**
   * Losses upstream are told together, up to a second late; but when they are told, then all of them that show. (More
   * may be told than shows: a heartbeat tells of a loss before the next line does.)
   */
  #checkNews(): void {
    this.#hasNews = false;
    const { upstream } = this;
    if (this.#options.isWitness && upstream < this.missing) {
      this.#report(
        `${this.missing} lines are missing and ${upstream} were told, by the latest notice; runs began at ${JSON.stringify([...this.first])}`,
      );
    }
    if (upstream < this.#toldBefore) this.#report('an account that shrinks');
    this.#toldBefore = upstream;
  }

  #begin(run: number, number: number): number {
    this.first.set(run, number);
    return this.#options.isFromStart ? -1 : number - 1;
  }

  #report(problem: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}

const MAX_PROBLEMS = 5;

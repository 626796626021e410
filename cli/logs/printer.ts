import { parseRecord } from './parse-record.js';
import type { Sink } from './sink.js';
import { SortWindow, type Released } from './sort-window.js';

/** A record to print, or something to be said between two of them. */
export type Item =
  | { readonly kind: 'record'; readonly source: number; readonly line: string }
  | { readonly kind: 'word'; readonly source: number; readonly say: () => Promise<void> };

/** What is rendered and written in one go, in characters of records: what a pipe takes. */
const CHUNK_CHARS = 64 * 1024;

/** A record that is printed now. */
export interface Printed {
  readonly line: string;
  /** Which of the streams it is of. */
  readonly source: number;
  /** ms; undefined where it is in its place. */
  readonly late?: number;
}

export interface PrinterOptions {
  readonly out: Sink;
  /** The text of records, which follow each other. */
  readonly render: (records: readonly Printed[]) => string;
  /** How long a record may wait for an earlier one, ms; undefined prints each as it comes. */
  readonly sort?: number | undefined;
}

/**
 * Prints what several streams say, in the order in which it comes or, with a window, in which it happened. What is said
 * between two records is said when the first of them is printed and the second is not, so that both stand in their
 * order where standard output and standard error are one terminal.
 */
export class Printer {
  readonly #options: PrinterOptions;
  readonly #window: SortWindow<Item> | undefined;
  /** When each stream's last record happened: what is said behind it has its place. */
  readonly #times: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Printing is one after the other, whoever asks for it. */
  #printing: Promise<void> = Promise.resolve();
  /** Records that were taken and not printed yet. */
  #waiting = 0;
  /** Once printing has failed there is no more of it. */
  #hasFailed = false;

  constructor(options: PrinterOptions) {
    this.#options = options;
    this.#window = options.sort === undefined ? undefined : new SortWindow({ window: options.sort });
  }

  /** Resolves when the output can take more. */
  take(items: readonly Item[]): Promise<void> {
    for (const { kind } of items) if (kind === 'record') this.#waiting += 1;
    if (this.#window === undefined) return this.#print(items.map((item) => ({ item })));
    const now = Date.now();
    for (const item of items) {
      const size = item.kind === 'record' ? item.line.length : 0;
      this.#window.push(item, { time: this.#timeOf(item, now), size, now });
    }
    return this.#release();
  }

  /** Records that a window has kept from being printed until now. */
  get held(): number {
    return this.#window === undefined ? 0 : this.#waiting;
  }

  /** Prints what waits in the window, unless printing has failed before. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#hasFailed) return Promise.resolve();
    return this.#print(this.#window?.release(Number.POSITIVE_INFINITY) ?? []);
  }

  #timeOf(item: Item, now: number): number {
    if (item.kind === 'word') return this.#times[item.source] ?? now;
    const { time } = (parseRecord(item.line) ?? {}) as { time?: unknown };
    const parsed = typeof time === 'string' ? Date.parse(time) : Number.NaN;
    this.#times[item.source] = Number.isNaN(parsed) ? now : parsed;
    return this.#times[item.source] as number;
  }

  #release(): Promise<void> {
    const window = this.#window as SortWindow<Item>;
    const printed = this.#print(window.release(Date.now()));
    this.#arm(window);
    return printed;
  }

  #arm(window: SortWindow<Item>): void {
    clearTimeout(this.#timer);
    const { due } = window;
    if (due === undefined) return;
    // While the output is waited for nothing is let out: what waits then waits in the window, which has a bound.
    this.#timer = setTimeout(() => void this.#printing.then(() => this.#release()), due - Date.now());
  }

  #print(released: readonly Released<Item>[]): Promise<void> {
    const printed = this.#printing.then(() => this.#write(released));
    // An output that fails is the caller's affair, once.
    this.#printing = printed.catch(() => {
      this.#hasFailed = true;
    });
    return printed;
  }

  async #write(released: readonly Released<Item>[]): Promise<void> {
    const { out, render } = this.#options;
    let records: Printed[] = [];
    let size = 0;
    const flush = async () => {
      if (records.length > 0) out.push(render(records));
      await out.flush();
      this.#waiting -= records.length;
      records = [];
      size = 0;
    };
    for (const { item, late } of released) {
      if (item.kind === 'record') {
        records.push({ line: item.line, source: item.source, ...(late !== undefined && { late }) });
        size += item.line.length;
        if (size >= CHUNK_CHARS) await flush();
      } else {
        await flush();
        await item.say();
      }
    }
    await flush();
  }
}

import { get, type ClientRequest } from 'node:http';
import { createParser, type Notice } from '../soak/parse.js';

/** A connection that ended is made again after so long, ms; less than a relay's `retry:`, so that the relay is what is timed. */
const AGAIN_MS = 50;

/** Called with each line that came: its program's run and its number there. */
export type TakeLine = (run: number, number: number) => void;

/**
 * One who reads a container's stream for good, as an EventSource does: it stays on its connection, and where that ends
 * goes on behind the last event that it has.
 */
export class Listener {
  /** Records received. */
  received = 0;
  /** Records told of as missing. */
  told = 0;
  /** Sources told of as silent: how many of their records are missing nobody knows. */
  silent = 0;
  connections = 0;
  readonly problems: string[] = [];
  /** By run, the numbers of its first and its last line. */
  readonly seen = new Map<number, { readonly first: number; last: number }>();
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #waiting = new Set<() => void>();
  #lastEventId: string | undefined;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onLine: TakeLine | undefined;
  #isClosed = false;

  /** @param headers of each request */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}, onLine?: TakeLine) {
    this.#url = url;
    this.#headers = headers;
    this.#onLine = onLine;
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  /** Resolves when it is so; looks after whatever comes. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isSo()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** When the next line comes of one of these runs, ms since the epoch. */
  async nextLine(runs: ReadonlySet<number>): Promise<number> {
    const lasts = () => [...runs].map((run) => this.seen.get(run)?.last ?? -1);
    const before = lasts();
    await this.until(() => lasts().some((last, i) => last > (before[i] as number)));
    return Date.now();
  }

  #connect(): void {
    const resume = this.#lastEventId === undefined ? {} : { 'Last-Event-ID': this.#lastEventId };
    const headers = { ...this.#headers, ...resume, Accept: 'text/event-stream' };
    this.#request = get(this.#url, { headers, agent: false }, (response) => {
      if (response.statusCode === 200) this.connections += 1;
      const parse = createParser('sse', {
        line: (run, number) => this.#line(run, number),
        notice: (notice) => this.#notice(notice),
        bye: () => {},
      });
      let rest = '';
      let id: string | undefined;
      response.setEncoding('latin1').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) {
          if (line.startsWith('id: ')) id = line.slice('id: '.length);
          if (line === '') this.#lastEventId = id ?? this.#lastEventId;
        }
        // What is cut off is not an event, so it must not be counted either.
        if (lines.length > 0) parse(`${lines.join('\n')}\n`);
        this.#waiting.forEach((check) => check());
      });
      response.on('error', () => {}).once('close', () => this.#again());
      this.#waiting.forEach((check) => check());
    });
    this.#request.once('error', () => this.#again());
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#connect(), AGAIN_MS);
  }

  #line(run: number, number: number): void {
    this.received += 1;
    this.#onLine?.(run, number);
    const seen = this.seen.get(run);
    if (seen === undefined) this.seen.set(run, { first: number, last: number });
    else {
      if (number <= seen.last) this.problems.push(`run ${run}: line ${number} comes after ${seen.last}`);
      seen.last = number;
    }
  }

  #notice({ count, sources = 0 }: Notice): void {
    if (count === null) this.silent += sources;
    else this.told += count;
  }
}

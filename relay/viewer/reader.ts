import type { Entry } from './entry.js';
import type { Report, Request, State } from './messages.js';
import { startWorker } from './start-worker.js';

export interface ReaderHandlers {
  /** What must be known of a batch before it is taken. */
  readonly prepare: (entries: readonly Entry[]) => Promise<void>;
  /** Takes a batch; resolves when the page is ready for the next one. */
  readonly onEntries: (entries: readonly Entry[]) => Promise<void>;
  readonly onState: (state: State) => void;
}

/** The page's end of its worker. One stream at a time. */
export class Reader {
  readonly #worker: Worker;
  #opening = 0;

  constructor(handlers: ReaderHandlers) {
    this.#worker = startWorker('worker.js', 'spillway');
    this.#worker.addEventListener('message', ({ data: report }: MessageEvent<Report>) => {
      if (report.opening !== this.#opening) return;
      if (report.type === 'state') handlers.onState(report.state);
      else void this.#take(report.entries, handlers);
    });
  }

  open(url: string, token: string | undefined): void {
    this.#opening += 1;
    this.#ask({ type: 'open', opening: this.#opening, url, token });
  }

  hurry(): void {
    this.#ask({ type: 'hurry' });
  }

  close(): void {
    this.#opening += 1;
    this.#ask({ type: 'close' });
  }

  async #take(entries: readonly Entry[], { prepare, onEntries }: ReaderHandlers): Promise<void> {
    const opening = this.#opening;
    await prepare(entries);
    if (opening !== this.#opening) return;
    await onEntries(entries);
    if (opening === this.#opening) this.#ask({ type: 'take' });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }
}

import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Backoff } from '../../cluster/backoff.js';
import type { State } from './messages.js';

export interface FollowOptions {
  readonly url: string;
  readonly token?: string | undefined;
  /** So long without a byte and the page says so, ms. The relay's heartbeat is due every 15 s. @defaultValue 20,000 */
  readonly silentAfter?: number;
  /** So long without a byte and the connection is given up, ms. @defaultValue 30,000 */
  readonly deadAfter?: number;
  readonly backoff?: Backoff;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onState: (state: State) => void;
  /** Takes what one read has brought. Nothing more is read before it resolves: the relay then counts what is lost. */
  readonly onEvents: (events: readonly EventSourceMessage[]) => Promise<void>;
}

export interface Following {
  /** Ends a wait before a reconnect. */
  hurry(): void;
}

/** How one connection ended. */
type End = { readonly refused?: number; readonly why: string };

/** Largest event taken, characters: a record of 256 KiB whose every byte is escaped, with room to spare. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/**
 * Reads a stream until it is ended from outside or refused, through all reconnects. By fetch and not EventSource, which can
 * neither send an Authorization header nor tell a refusal from an outage, and hides the heartbeats.
 */
export function follow(options: FollowOptions): Following {
  const { silentAfter = 20_000, deadAfter = 30_000, signal, onState } = options;
  const backoff = options.backoff ?? new Backoff(500, 10_000);
  let hurry: (() => void) | undefined;
  const position: Position = {};

  const run = async () => {
    while (!signal.aborted) {
      onState({ kind: 'connecting' });
      const end = await readOnce({ ...options, silentAfter, deadAfter }, position, backoff);
      if (signal.aborted) return;
      if (end.refused !== undefined) return onState({ kind: 'refused', status: end.refused, why: end.why });
      const wait = position.retry ?? backoff.next();
      delete position.retry;
      onState({ kind: 'waiting', until: Date.now() + wait, why: end.why });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        hurry = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', hurry, { once: true });
      });
    }
  };
  void run();
  return { hurry: () => hurry?.() };
}

/** Where a reader is, over all its connections. */
interface Position {
  lastEventId?: string;
  /** The wait that the server asked for, ms. */
  retry?: number;
}

async function readOnce(
  {
    url,
    token,
    signal,
    silentAfter,
    deadAfter,
    onState,
    onEvents,
  }: FollowOptions & Required<Pick<FollowOptions, 'silentAfter' | 'deadAfter'>>,
  position: Position,
  backoff: Backoff,
): Promise<End> {
  const connection = new AbortController();
  const over = AbortSignal.any([connection.signal, signal]);
  const live = new Liveness({ silentAfter, deadAfter, onState, onDead: () => connection.abort() });
  try {
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    if (position.lastEventId !== undefined) headers.set('Last-Event-ID', position.lastEventId);
    const response = await fetch(url, { headers, signal: over, cache: 'no-store', redirect: 'error' });
    if (!response.ok || response.body === null) return await refusalOf(response, position);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let events: EventSourceMessage[] = [];
    let farewell: string | undefined;
    const parser = createParser({
      onEvent: (event) => events.push(event),
      onRetry: (ms) => (position.retry = Math.min(ms, MAX_ASKED)),
      maxBufferSize: MAX_EVENT_CHARS,
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') connection.abort();
      },
    });
    live.open();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { why: farewell ?? 'the connection was closed' };
      live.heard();
      parser.feed(value);
      if (events.length === 0) continue;
      backoff.reset();
      for (const { event, id, data } of events) {
        if (id !== undefined) position.lastEventId = id;
        if (event === 'status') live.status(data);
        else if (event === 'bye') farewell = farewellOf(data);
      }
      const taken = events;
      events = [];
      live.hold();
      await onEvents(taken);
      live.heard();
    }
  } catch (error) {
    if (live.dead) return { why: `no heartbeat for ${Math.round(deadAfter / 1000)} s` };
    return {
      why: (error as Error).name === 'TypeError' ? 'the relay cannot be reached' : (error as Error).message,
    };
  } finally {
    live.close();
    connection.abort();
  }
}

/** The data of a `bye` event as a reason. */
function farewellOf(data: string): string {
  const reason = /"reason":"([a-z-]{1,40})"/.exec(data)?.[1] ?? 'no reason given';
  return FAREWELLS[reason] ?? `the relay ended the stream (${reason})`;
}

const FAREWELLS: Readonly<Record<string, string>> = {
  shutdown: 'the relay is shutting down',
  expired: 'the token has expired',
  overflow: 'this page was too slow for its buffer',
};

/** A server may not send its readers away for ever, ms. */
const MAX_ASKED = 60_000;

/** 429 and 5xx pass; what else is wrong with a request stays wrong. */
async function refusalOf(response: Response, position: Position): Promise<End> {
  const { status, headers } = response;
  const why = await detailOf(response);
  if (status < 500 && status !== 429) return { refused: status, why };
  const after = Number(headers.get('Retry-After') ?? Number.NaN);
  if (after >= 0) position.retry = Math.min(after * 1000, MAX_ASKED);
  return { why };
}

/** The sentence of a problem document (RFC 9457), or the status where there is none. */
async function detailOf(response: Response): Promise<string> {
  try {
    const { detail, title } = (await response.json()) as { detail?: unknown; title?: unknown };
    if (typeof detail === 'string') return detail;
    if (typeof title === 'string') return title;
  } catch {
    // Not JSON: a proxy has answered.
  }
  return `the server answered ${response.status} ${response.statusText}`.trimEnd();
}

interface LivenessOptions {
  readonly silentAfter: number;
  readonly deadAfter: number;
  readonly onState: (state: State) => void;
  readonly onDead: () => void;
}

/** Tells idle from dead: an idle stream has heartbeats. Time counts only while the connection is being read. */
class Liveness {
  readonly #options: LivenessOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #heardAt = Date.now();
  #held = false;
  #isOpen = false;
  #isSilent = false;
  #consolidators: number | undefined;
  dead = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#check(), Math.min(1000, options.silentAfter / 4));
  }

  open(): void {
    this.#isOpen = true;
    this.#heardAt = Date.now();
    this.#tell();
  }

  heard(): void {
    this.#held = false;
    this.#heardAt = Date.now();
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#tell();
  }

  hold(): void {
    this.#held = true;
  }

  /** The data of a `status` event. */
  status(data: string): void {
    try {
      const { consolidators } = JSON.parse(data) as { consolidators?: unknown };
      if (typeof consolidators !== 'number' || consolidators === this.#consolidators) return;
      this.#consolidators = consolidators;
      this.#tell();
    } catch {
      // A state is for people; one that cannot be read is none.
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    this.#options.onState({ kind: 'live', consolidators: this.#consolidators });
  }

  #check(): void {
    if (this.#held) return;
    const silence = Date.now() - this.#heardAt;
    if (silence >= this.#options.deadAfter) {
      this.dead = true;
      this.close();
      this.#options.onDead();
    } else if (this.#isOpen && !this.#isSilent && silence >= this.#options.silentAfter) {
      this.#isSilent = true;
      this.#options.onState({ kind: 'silent', since: this.#heardAt });
    }
  }
}

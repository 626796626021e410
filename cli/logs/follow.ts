import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSourceMessage } from 'eventsource-parser';
import { Backoff, type BackoffOptions } from './backoff.js';
import { readStream, type End } from './connection.js';
import { consolidatorsOf, keepaliveOf } from './notices.js';

export interface FollowOptions {
  /** Of the relay, without the stream's path. */
  readonly base: string;
  readonly path: string;
  /** `tail`, `since`, `level`, `q`: for the first request; a reconnect goes on where the last one was cut. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** A position to go on from, which some relay has given; then the past is not asked for otherwise. */
  readonly cursor?: string | undefined;
  /** A relay that refuses the past (an older one does) is asked again without it. @defaultValue false */
  readonly pastIsOptional?: boolean;
  /** End where the past does, and the live stream would begin. @defaultValue false */
  readonly endsWithPast?: boolean;
  /** Asked before each connection. */
  readonly token?: () => string | undefined;
  /** So long without a byte and the connection is dead, ms; undefined leaves it to what the relay says of itself. */
  readonly idleTimeout?: number | undefined;
  /** Attempts in a row that may come to nothing; undefined for no limit. */
  readonly maxRetries?: number | undefined;
  readonly backoff?: BackoffOptions;
  readonly signal?: AbortSignal;
}

export interface FollowEvents {
  /** The events of one read, in order. What it waits for holds the stream back. */
  readonly onEvents: (events: readonly EventSourceMessage[]) => Promise<void>;
  readonly onOpen: () => Promise<void>;
  /** There is no connection, and the next attempt comes in `wait` ms. */
  readonly onLost: (why: string, wait: number, wasOpen: boolean) => Promise<void>;
  /** Everything up to this position has been printed. */
  readonly onCursor?: (cursor: string) => void;
  /** The relay does not give the past, and the stream begins now. */
  readonly onNoPast?: (why: string) => Promise<void>;
}

/** Parameters that say where to begin: with a cursor they would say it twice. */
const BEGINNINGS: readonly string[] = ['tail', 'since'];

/** How often a relay says something unless it tells otherwise, ms: DESIGN's 15 s. */
const DEFAULT_KEEPALIVE_MS = 15_000;

/** How late a heartbeat may be before it counts as missed: a busy relay, a slow network. */
const graceOf = (keepalive: number) => Math.min(3_000, Math.max(500, keepalive));

/**
 * Reads a stream for as long as it takes, over as many connections as it takes. A clean end is no end: relays are
 * recycled, and a log has no last line.
 *
 * @returns why it was given up: what the server refused, or what went wrong last; undefined if `signal` or the end of
 *   the past ended it
 */
export async function follow(options: FollowOptions, events: FollowEvents): Promise<string | undefined> {
  const { signal = new AbortController().signal, maxRetries = Infinity } = options;
  const backoff = new Backoff(options.backoff);
  let keepalive = DEFAULT_KEEPALIVE_MS;
  let asksPast = true;
  // What has been taken is behind it. What `--sort` still holds will be printed by this run alone, and would be missing
  // for another that began here.
  let cursor = options.cursor ?? '';
  while (!signal.aborted) {
    let isOpen = false;
    const past = new PastEnd(options.endsWithPast ?? false);
    const end = await readStream({
      url: urlOf(options, asksPast && cursor === ''),
      headers: () => headersOf(options, cursor),
      idleTimeout: () => options.idleTimeout ?? keepalive + graceOf(keepalive),
      signal: AbortSignal.any([signal, past.signal]),
      onOpen: () => {
        isOpen = true;
        return events.onOpen();
      },
      onRetry: (ms) => backoff.ask(ms),
      onEvents: async (read) => {
        backoff.succeeded();
        const batch = past.upTo(read);
        await events.onEvents(batch);
        for (const { id, event, data } of batch) {
          cursor = id ?? cursor;
          if (event === 'status') keepalive = keepaliveOf(data) ?? keepalive;
        }
        cursor = past.position ?? cursor;
        if (cursor !== '') events.onCursor?.(cursor);
        past.stop();
      },
    });
    if (signal.aborted) break;
    if (past.signal.aborted) return past.isBlind ? BLIND : undefined;
    if (asksPast && isRefusalOfPast(end, options)) {
      asksPast = false;
      await events.onNoPast?.(end.why);
      continue;
    }
    if (end.kind === 'refused' || backoff.failures >= maxRetries) return end.why;
    const wait = backoff.next();
    await events.onLost(end.why, wait, isOpen);
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/**
 * Finds where the past ends in one connection. A relay greets with a `status` event; it sends another, with the position,
 * right behind the last record of a past that was asked for.
 */
class PastEnd {
  readonly #isWanted: boolean;
  readonly #end = new AbortController();
  #greetings = 0;
  #isFound = false;
  #position: string | undefined;
  #isBlind = false;

  constructor(isWanted: boolean) {
    this.#isWanted = isWanted;
  }

  /** Ends the connection. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Behind the past, by the event that ends it: where no record came, nothing else says how far was looked. */
  get position(): string | undefined {
    return this.#position;
  }

  /** Whether the relay had nobody to ask for it. */
  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** The events of a read that are of the past. */
  upTo(events: readonly EventSourceMessage[]): readonly EventSourceMessage[] {
    if (!this.#isWanted) return events;
    for (const [i, { event, id, data }] of events.entries()) {
      if (event !== 'status') continue;
      this.#greetings += 1;
      this.#isFound ||= this.#greetings > 1 || id !== undefined;
      if (!this.#isFound) continue;
      this.#position = id;
      this.#isBlind = consolidatorsOf(data) === 0;
      return events.slice(0, i);
    }
    return events;
  }

  /** To be called when what came before it has been taken. */
  stop(): void {
    if (this.#isFound) this.#end.abort();
  }
}

/** Nothing there is to be read, and nothing that can be read, must not look alike to a script. */
const BLIND = 'nothing could be read: the relay is connected to no consolidator';

/** A relay that remembers nothing answers 400 to a request for the past. */
function isRefusalOfPast(end: End, { query, pastIsOptional = false }: FollowOptions): boolean {
  const asked = BEGINNINGS.some((name) => query[name] !== undefined);
  return asked && pastIsOptional && end.kind === 'refused' && end.status === 400;
}

function urlOf({ base, path, query }: FollowOptions, asksPast: boolean): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || (!asksPast && BEGINNINGS.includes(name))) continue;
    url.searchParams.set(name, value);
  }
  return url.href;
}

function headersOf({ token }: FollowOptions, cursor: string): Record<string, string> {
  const word = token?.();
  return {
    accept: 'text/event-stream',
    'cache-control': 'no-store',
    ...(word !== undefined && { authorization: `Bearer ${word}` }),
    ...(cursor !== '' && { 'last-event-id': cursor }),
  };
}

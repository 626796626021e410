import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { FORBIDDEN_PORT, reasonOf } from '../probe/reason.js';

export interface ConnectionOptions {
  readonly url: string;
  /** What they are made of may fail for a while, which is a lost connection. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** So long without a byte and the connection counts as dead, ms. Asked before each wait: the relay may name it. */
  readonly idleTimeout: () => number;
  /** Ends it from outside. */
  readonly signal: AbortSignal;
  /**
   * Takes the events that one read has brought. Nothing more is read before it resolves, and meanwhile no time counts
   * as idle: that is what bounds the memory of a reader whose own output is slow.
   */
  readonly onEvents: (events: readonly EventSourceMessage[]) => Promise<void>;
  readonly onOpen: () => Promise<void>;
  /** The server names the wait before a reconnect, ms. */
  readonly onRetry: (ms: number) => void;
}

/** How a connection ended. Every end but a refusal is followed by another attempt. */
export type End =
  | {
      readonly kind: 'refused';
      readonly why: string;
      /** HTTP, where it came so far. */ readonly status?: number;
    }
  | { readonly kind: 'lost'; readonly why: string };

/** The largest event that is taken, in characters; more is no log line, and memory is bounded. */
export const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/** Reads one response to its end. Only the callbacks can make it throw. */
export async function readStream(options: ConnectionOptions): Promise<End> {
  const { url, headers, signal, onOpen, onRetry } = options;
  const idle = new IdleTimer(options.idleTimeout);
  const ended = AbortSignal.any([idle.signal, signal]);
  try {
    const response = await idle.watch(async () => fetch(url, { headers: { ...headers() }, signal: ended }));
    if ('lost' in response) {
      // No attempt will ever be made.
      return { kind: response.lost === FORBIDDEN_PORT ? 'refused' : 'lost', why: response.lost };
    }
    const failure = await idle.watch(() => failureOf(response.value, onRetry));
    if ('lost' in failure) return { kind: 'lost', why: failure.lost };
    if (failure.value !== undefined) return failure.value;
    await onOpen();
    return await readBody(response.value, options, idle);
  } finally {
    // Closes the connection, whatever state it is in.
    idle.abort();
  }
}

async function readBody(
  response: Response,
  { onEvents, onRetry }: ConnectionOptions,
  idle: IdleTimer,
): Promise<End> {
  let events: EventSourceMessage[] = [];
  let tooLarge = false;
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onRetry,
    onError: ({ type }) => (tooLarge ||= type === 'max-buffer-size-exceeded'),
    maxBufferSize: MAX_EVENT_CHARS,
  });
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const read = await idle.watch(() => reader.read());
    if ('lost' in read) return { kind: 'lost', why: read.lost };
    if (read.value.value === undefined) return { kind: 'lost', why: 'closed by the server' };
    parser.feed(decoder.decode(read.value.value, { stream: true }));
    const batch = events;
    events = [];
    if (batch.length > 0) await onEvents(batch);
    if (tooLarge) return { kind: 'lost', why: `an event is larger than ${MAX_EVENT_CHARS} characters` };
  }
}

/** Counts time only while something is waited for from the server. */
class IdleTimer {
  readonly #timeout: () => number;
  readonly #controller = new AbortController();

  constructor(timeout: () => number) {
    this.#timeout = timeout;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller.abort();
  }

  /** The result, or why there is none. */
  async watch<T>(wait: () => Promise<T>): Promise<{ value: T } | { lost: string }> {
    let silent = false;
    const timeout = this.#timeout();
    const timer = setTimeout(() => {
      silent = true;
      this.abort();
    }, timeout);
    try {
      return { value: await wait() };
    } catch (error) {
      return { lost: silent ? `no heartbeat for ${timeout / 1000} s` : reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Undefined if the response is a stream of events. */
async function failureOf(response: Response, onRetry: (ms: number) => void): Promise<End | undefined> {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? 'nothing';
  if (status === 200 && type.startsWith('text/event-stream')) return undefined;
  if (status < 400) {
    await response.body?.cancel();
    const why = `the answer is ${type} with status ${status}, not a stream of events: is this the address of a relay?`;
    return { kind: 'refused', why, status };
  }
  const detail = await detailOf(response);
  // 429 and 5xx pass; what else is wrong with a request stays wrong.
  if (status < 500 && status !== 429) return { kind: 'refused', why: detail, status };
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (after >= 0) onRetry(after * 1000);
  return { kind: 'lost', why: detail };
}

const MAX_PROBLEM_BYTES = 64 * 1024;

/** The sentence of a problem document (RFC 9457), or the status where there is none. */
async function detailOf(response: Response): Promise<string> {
  const { status: code, statusText } = response;
  // A relay has a sentence for each path that it does not know.
  const doubt = code === 404 ? ': is this the address of a relay?' : '';
  const status = `the server answered ${`${code} ${statusText}`.trimEnd()}${doubt}`;
  try {
    const { detail, title } = JSON.parse(await beginningOf(response)) as {
      detail?: unknown;
      title?: unknown;
    };
    if (typeof detail === 'string') return detail;
    return typeof title === 'string' ? title : status;
  } catch {
    return status;
  }
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_PROBLEM_BYTES) break;
  }
  return text;
}

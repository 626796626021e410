import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ClusterError } from '../errors.js';

/** What is not answered within this time will not be, ms. A member without a leader takes 5 s to say so. */
const ANSWER_MS = 3_000;

/**
 * After a quick answer the next one is given up sooner, and later with each failure, ms: what was sent to a leader that has
 * died is never answered, while an etcd that is merely slow gets the time that it needs.
 */
const FIRST_ANSWER_MS = 500;

/** A member that does not accept a connection is not there, ms: TCP would repeat its SYN after 1, 3 and 7 s. */
const CONNECT_MS = 500;

/** Longest answer, and longest message of a stream, bytes: 10,000 full entries in base64. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Ends a watch at a member that loses its leader: it would stay open and tell of nothing. */
const HEADERS = { 'Content-Type': 'application/json', 'Grpc-Metadata-hasleader': 'true' };

/**
 * Speaks to etcd's JSON gateway (etcd 3.4 and later, `/v3/…`, on by default) at one member at a time; one that fails
 * makes the next call go to the next. It retries nothing: its callers know what a failure means to them.
 *
 * It stands on node:http, since `fetch` ends a response that is silent for five minutes, which a watch may well be.
 */
export class EtcdClient {
  readonly #origins: readonly string[];
  readonly #timeout: number;
  #at: number;
  #failures = 0;

  /** @param origins `http://127.0.0.1:2379`, in any order: each client begins with another one */
  constructor(origins: readonly string[], timeout: number = ANSWER_MS) {
    this.#origins = origins;
    this.#timeout = timeout;
    this.#at = Math.floor(Math.random() * origins.length);
  }

  /** The member that is spoken to. */
  get origin(): string {
    return this.#origins[this.#at] as string;
  }

  /** One question, one answer. @throws {ClusterError} `unreachable`, `refused` or `answer` */
  async call(path: string, question: object, signal?: AbortSignal): Promise<unknown> {
    const { origin } = this;
    const limit = deadline(this.#patience, origin, signal);
    const began = performance.now();
    try {
      const response = await post(origin + path, question, limit.signal);
      const answer = await readAnswer(response, origin);
      if (performance.now() - began < FIRST_ANSWER_MS / 2) this.#failures = 0;
      return answer;
    } catch (error) {
      throw this.#failed(error, limit.signal.reason, origin);
    } finally {
      limit.release();
    }
  }

  /** A question whose answers go on: each `result`, until the stream ends. @throws {ClusterError} as `call` does */
  async *stream(
    path: string,
    question: object,
    signal: AbortSignal,
  ): AsyncGenerator<unknown, void, undefined> {
    const { origin } = this;
    const limit = deadline(this.#patience, origin, signal);
    let response: IncomingMessage | undefined;
    try {
      response = await post(origin + path, question, limit.signal);
      limit.relax();
      if (response.statusCode !== 200) await readAnswer(response, origin);
      for await (const line of linesOf(response, origin)) yield resultOf(parse(line, origin), origin);
    } catch (error) {
      throw this.#failed(error, limit.signal.reason, origin);
    } finally {
      limit.release();
      response?.destroy();
    }
  }

  get #patience(): number {
    return Math.min(this.#timeout, FIRST_ANSWER_MS * (1 + this.#failures));
  }

  /** The next call goes to the next member, unless another one has turned already. */
  #failed(error: unknown, reason: unknown, origin: string): ClusterError {
    this.#failures += 1;
    if (origin === this.origin) this.#at = (this.#at + 1) % this.#origins.length;
    return asClusterError(reason instanceof ClusterError ? reason : error, origin);
  }
}

/** A signal that follows its parent and ends after `ms` too: until it is relaxed, or released for good. */
function deadline(ms: number, origin: string, parent?: AbortSignal) {
  const controller = new AbortController();
  const late = () =>
    controller.abort(new ClusterError('unreachable', `${origin} has not answered within ${ms / 1000} s`));
  const timer = setTimeout(late, ms).unref();
  const follow = () => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  parent?.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    relax: () => clearTimeout(timer),
    release() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', follow);
    },
  };
}

/** Resolves when the head of the response is there. */
function post(url: string, question: object, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const ask = url.startsWith('https:') ? requestHttps : requestHttp;
    const body = JSON.stringify(question);
    const headers = { ...HEADERS, 'Content-Length': Buffer.byteLength(body) };
    const request = ask(url, { method: 'POST', headers, signal }, resolve);
    request.on('error', reject);
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const late = () => request.destroy(new Error(`no connection within ${CONNECT_MS} ms`));
      const timer = setTimeout(late, CONNECT_MS).unref();
      for (const end of ['connect', 'close']) socket.once(end, () => clearTimeout(timer));
    });
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage, origin: string): Promise<unknown> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_ANSWER_BYTES) throw tooLong(origin);
  }
  if (response.statusCode === 200) return parse(text, origin);
  throw refusalOf(text, `${origin} answers with HTTP ${response.statusCode}`);
}

async function* linesOf(response: IncomingMessage, origin: string): AsyncGenerator<string, void, undefined> {
  let held = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (held + (chunk as string)).split('\n');
    held = lines.pop() as string;
    if (held.length > MAX_ANSWER_BYTES) throw tooLong(origin);
    for (const line of lines) if (line !== '') yield line;
  }
  // Half a line is half a message: the connection broke, and with it the stream.
}

function parse(text: string, origin: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ClusterError('answer', `${origin} does not speak etcd's JSON: is it etcd 3.4 or later?`, {
      cause,
    });
  }
}

function resultOf(message: unknown, origin: string): unknown {
  const { result, error } = (message ?? {}) as { result?: unknown; error?: unknown };
  if (error === undefined) return result;
  throw refusalOf(JSON.stringify(error), `${origin} ended the watch`);
}

/** What etcd says of itself: `{"error":…,"message":…,"code":…}`. A proxy in front of it says other things. */
function refusalOf(text: string, what: string): ClusterError {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return new ClusterError('refused', `${what}: ${message}`);
  } catch {
    // No JSON: not etcd.
  }
  return new ClusterError('refused', what);
}

function tooLong(origin: string): ClusterError {
  return new ClusterError('answer', `${origin} answers with more than ${MAX_ANSWER_BYTES} bytes`);
}

function asClusterError(error: unknown, origin: string): ClusterError {
  if (error instanceof ClusterError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new ClusterError('unreachable', `${origin} cannot be reached (${code ?? message})`, {
    cause: error,
  });
}

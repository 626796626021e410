import { request, type IncomingMessage } from 'node:http';
import { CaptureError } from '../errors.js';

/** What an engine says of a container, as far as it matters here. */
export interface ContainerState {
  readonly id: string;
  readonly image: string;
  /** Its output is a terminal's: one stream without frames. */
  readonly terminal: boolean;
  readonly running: boolean;
  /** Of the last run; 0 while one is under way. */
  readonly exitCode: number;
  /** As the engine writes it; tells runs apart. */
  readonly startedAt: string;
  /** ms since the epoch; NaN before the first run is over. */
  readonly finishedAt: number;
}

/** A description of a container is some 10 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const ANSWER_MS = 10_000;

/**
 * A Docker-compatible engine behind its unix socket. Paths have no version, which is the engine's own: each engine has
 * dropped old versions, none the parts that are used here.
 */
export class Engine {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Undefined if there is no such container. @throws {CaptureError} `engine` */
  async inspect(container: string, signal: AbortSignal): Promise<ContainerState | undefined> {
    const path = `/containers/${encodeURIComponent(container)}/json`;
    const answer = await this.#ask('GET', path, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
    const text = await bodyOf(answer);
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode !== 200) throw refused(path, answer, text);
    try {
      return stateOf(JSON.parse(text) as Inspected);
    } catch (cause) {
      throw new CaptureError('engine', `the engine's answer to ${path} cannot be read`, { cause });
    }
  }

  /** An answer that goes on. @throws {CaptureError} `engine` */
  async stream(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#ask(method, path, signal);
    if (answer.statusCode === 200) return answer;
    throw refused(path, answer, await bodyOf(answer));
  }

  #ask(method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#socketPath, method, path, signal, agent: false });
      asked.on('response', resolve);
      asked.on('error', (cause) =>
        reject(
          new CaptureError('engine', `the engine at ${this.#socketPath} does not answer: ${cause.message}`, {
            cause,
          }),
        ),
      );
      asked.end();
    });
  }
}

interface Inspected {
  readonly Id: string;
  readonly Config: { readonly Tty: boolean; readonly Image: string };
  readonly State: {
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
}

function stateOf({ Id, Config, State }: Inspected): ContainerState {
  return {
    id: Id,
    image: Config.Image,
    terminal: Config.Tty,
    running: State.Running,
    exitCode: State.ExitCode,
    startedAt: State.StartedAt,
    finishedAt: State.FinishedAt.startsWith('0001') ? Number.NaN : Date.parse(State.FinishedAt),
  };
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error(`it is longer than ${MAX_ANSWER_BYTES} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    throw new CaptureError('engine', `the engine's answer broke off: ${(cause as Error).message}`, { cause });
  }
  return Buffer.concat(parts).toString();
}

function refused(path: string, { statusCode }: IncomingMessage, text: string): CaptureError {
  let said = text.slice(0, 300);
  try {
    said = (JSON.parse(text) as { message: string }).message;
  } catch {
    // Not JSON: as it is.
  }
  return new CaptureError('engine', `the engine answered ${path} with ${statusCode}: ${said}`);
}

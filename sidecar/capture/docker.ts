import type { IncomingMessage } from 'node:http';
import type { StdStream } from '../../wire/record.js';
import type { CaptureEnd, CaptureSink, Following } from './capture.js';
import { Engine, type ContainerState } from './docker/engine.js';
import { EngineEvents } from './docker/events.js';
import { FrameDemultiplexer } from './docker/frames.js';
import { MessageReader } from './docker/messages.js';
import { DockerRuns } from './docker/runs.js';
import { CaptureError } from './errors.js';
import type { OnLife } from './lifecycle.js';
import { DEFAULT_HISTORY_MS } from './source.js';
import { TimedChunks } from './source-chunks.js';

export interface DockerTarget {
  /** Its name or id; a name may be another container's by and by, which is then followed. */
  readonly container: string;
  /** Path of the engine's socket. */
  readonly socket?: string;
}

export interface DockerOptions {
  readonly onLife?: OnLife;
  /** Of what the engine holds already, the output of so long before is handed over, ms. */
  readonly historyMs?: number;
  /** How often a container that does not run is asked after, ms. */
  readonly askMs?: number;
}

export const DEFAULT_DOCKER_SOCKET = '/var/run/docker.sock';
const ASK_MS = 500;
/** An engine ends the log a moment before it says that the run is over, ms. */
const SETTLE_MS = 50;
/** Longest wait between two attempts to reach an engine that does not answer, ms. */
const MAX_WAIT_MS = 2_000;

/**
 * Follows one container through a Docker-compatible engine: its log from the engine's own memory of it, through
 * restarts, lost connections and a new container of the same name.
 */
export function attachDocker(
  target: DockerTarget,
  sink: CaptureSink,
  options: DockerOptions = {},
): Following {
  return new DockerSource(target, sink, options);
}

class DockerSource implements Following {
  readonly ended: Promise<CaptureEnd>;
  readonly #container: string;
  readonly #engine: Engine;
  readonly #events: EngineEvents;
  readonly #runs: DockerRuns;
  readonly #chunks: TimedChunks;
  readonly #onLife: OnLife;
  readonly #askMs: number;
  readonly #stop = new AbortController();
  /** ms since the epoch. */
  #from: number;
  #messages: MessageReader;
  /** When a terminal last said something: there is nothing better to go on from. */
  #heardAt: number | undefined;
  #following: ContainerState | undefined;
  /** The run whose log was followed until the engine ended it. */
  #heardOut: string | undefined;
  /** The run that is over and was read to its end. */
  #readRun: string | undefined;
  #answer: IncomingMessage | undefined;
  #paused = false;
  #wake = (): void => undefined;

  constructor({ container, socket }: DockerTarget, sink: CaptureSink, options: DockerOptions) {
    this.#container = container;
    this.#engine = new Engine(socket ?? DEFAULT_DOCKER_SOCKET);
    this.#events = new EngineEvents(this.#engine, () => this.#wake());
    this.#onLife = options.onLife ?? (() => undefined);
    this.#runs = new DockerRuns(container, this.#onLife);
    this.#chunks = new TimedChunks(sink);
    this.#messages = this.#newReader();
    this.#askMs = options.askMs ?? ASK_MS;
    this.#from = Date.now() - (options.historyMs ?? DEFAULT_HISTORY_MS);
    this.ended = this.#run();
    void this.#events.listen(container, this.#stop.signal);
  }

  pause(): void {
    this.#paused = true;
    this.#answer?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#answer?.resume();
  }

  stop(): void {
    this.close();
  }

  close(): void {
    this.#stop.abort();
    this.#wake();
  }

  async #run(): Promise<CaptureEnd> {
    let wait = this.#askMs;
    while (!this.#stop.signal.aborted) {
      try {
        const isDone = await this.#follow();
        wait = this.#askMs;
        if (isDone) await this.#sleep(wait);
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#runs.lost((error as Error).message);
        await this.#sleep(wait);
        wait = Math.min(wait * 2, MAX_WAIT_MS);
      }
    }
    this.#chunks.closeLines();
    return { code: 0, held: [] };
  }

  /** Reads the log as far as it goes. Answers whether there is nothing to do before something changes. */
  async #follow(): Promise<boolean> {
    const state = await this.#engine.inspect(this.#container, this.#stop.signal);
    this.#turnTo(state);
    if (state === undefined) return true;
    if (state.running) {
      if (await this.#read(state)) this.#heardOut = state.startedAt;
      await this.#sleep(SETTLE_MS);
      return false;
    }
    if (this.#readRun === state.startedAt) {
      this.#runs.followed(state);
      return true;
    }
    // Now that the run is over, the log has all of it. A terminal's would come twice.
    if (!state.terminal || this.#heardOut !== state.startedAt) await this.#read(state);
    this.#runs.followed(state);
    this.#readRun = state.startedAt;
    this.#chunks.closeLines();
    this.#runs.over(state);
    return true;
  }

  /** Says what has changed since the last look, and lets go of what belongs to a container that is no more. */
  #turnTo(state: ContainerState | undefined): void {
    const before = this.#following;
    if (before !== undefined && before.startedAt !== state?.startedAt) this.#chunks.closeLines();
    this.#runs.seen(state, this.#events.death);
    if (before !== undefined && state !== undefined && before.id !== state.id) {
      this.#messages = this.#newReader();
      this.#from = 0;
      this.#heardAt = undefined;
    }
    if (state !== undefined) this.#following = state;
  }

  #openLog(state: ContainerState): Promise<IncomingMessage> {
    const what = `/containers/${state.id}/logs?stdout=1&stderr=1&follow=${state.running ? 1 : 0}`;
    const { signal } = this.#stop;
    if (state.terminal) {
      const since = (this.#terminalSince(state) / 1000).toFixed(3);
      return this.#engine.stream('GET', `${what}&since=${since}`, signal);
    }
    const since = this.#messages.since ?? Math.floor(this.#from / 1000);
    this.#messages.reconnect();
    return this.#engine.stream('GET', `${what}&timestamps=1&since=${since}`, signal);
  }

  /** Its log is one text, in which a time cannot be told from what was printed, so it is read without any. */
  #terminalSince({ finishedAt }: ContainerState): number {
    const heardAt = this.#heardAt;
    if (heardAt === undefined) return this.#from;
    if (finishedAt >= heardAt) return finishedAt + 1; // All of the run before was heard.
    this.#runs.uncertain(
      'a terminal gives no times: where its log goes on, lines may be missing or come twice',
    );
    return heardAt;
  }

  /** Answers whether the log came to its end, as it does when the run is over. @throws {CaptureError} `engine` */
  async #read(state: ContainerState): Promise<boolean> {
    const answer = await this.#openLog(state);
    this.#runs.followed(state);
    const frames = new FrameDemultiplexer(this.#messages);
    const take = state.terminal
      ? (bytes: Buffer) => this.#chunks.add('stdout', bytes, (this.#heardAt = Date.now()))
      : (bytes: Buffer) => frames.push(bytes);
    this.#answer = answer;
    const closed = new Promise<void>((resolve, reject) => {
      answer.once('close', resolve);
      answer.once('error', (cause) => {
        const msg = `the log of ${this.#container} broke off`;
        reject(cause instanceof CaptureError ? cause : new CaptureError('engine', msg, { cause }));
      });
    });
    answer.on('data', (bytes: Buffer) => {
      try {
        take(bytes);
      } catch (error) {
        answer.destroy(error as Error);
      }
      this.#chunks.flush();
    });
    if (this.#paused) answer.pause();
    await closed.finally(() => (this.#answer = undefined));
    return answer.complete;
  }

  #newReader(): MessageReader {
    return new MessageReader({
      output: (stream: StdStream, bytes, at) => this.#chunks.add(stream, bytes, at ?? Date.now()),
      system: (text) => this.#runs.uncertain(`the engine says: ${text}`),
      gap: (stream) =>
        this.#runs.uncertain(
          `the engine's log no longer holds where ${stream} was read to: lines may be missing`,
        ),
    });
  }

  /** Until something happens to the container, or the time is over. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

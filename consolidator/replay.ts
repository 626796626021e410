import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Router } from 'zeromq';
import {
  formatReplayAnswer,
  parseReplayRequest,
  type ReplayAnswer,
  type ReplayRequest,
} from '../wire/index.js';
import { closeListening, listen } from './listen.js';
import { createReplay } from './sockets.js';

export interface ReplayStats {
  pages: number;
  records: number;
  bytes: number;
  /** Requests that were none. */
  refused: number;
  /** Answers that had no room, or nobody to go to. */
  unsent: number;
}

/** Answers relays that ask for the recent past, one page a turn of the event loop: the pump goes before. */
export class ReplaySocket {
  readonly stats: ReplayStats = { pages: 0, records: 0, bytes: 0, refused: 0, unsent: 0 };
  readonly #answer: (request: ReplayRequest) => ReplayAnswer;
  #socket: Router | undefined;
  #running: Promise<void> | undefined;
  #endpoint = '';

  constructor(answer: (request: ReplayRequest) => ReplayAnswer) {
    this.#answer = answer;
  }

  /** The endpoint that is really bound. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /**
   * Once more, it cuts off whoever is connected.
   *
   * @param option names the endpoint, for the message
   * @param guard put before the socket first
   * @throws {ConsolidatorError} `endpoint`
   */
  async listen(endpoint: string, option: string, guard: (socket: Router) => Promise<void>): Promise<void> {
    await this.close();
    const socket = createReplay();
    this.#socket = socket;
    await guard(socket);
    this.#endpoint = await listen(socket, endpoint, option);
    this.#running = this.#run(socket);
  }

  async close(): Promise<void> {
    if (this.#running === undefined) return this.#socket?.close();
    if (this.#socket !== undefined) await closeListening(this.#socket);
    await this.#running;
  }

  async #run(socket: Router): Promise<void> {
    while (!socket.closed) {
      let frames;
      try {
        frames = await socket.receive();
      } catch (error) {
        if (socket.closed) return;
        throw error;
      }
      const [peer, frame] = frames;
      const request = parseReplayRequest(frame);
      if (request === undefined || peer === undefined) this.stats.refused += 1;
      else await this.#send(socket, peer, this.#answer(request));
      await nextTurn();
    }
  }

  async #send(socket: Router, peer: Buffer, answer: ReplayAnswer): Promise<void> {
    const frames = formatReplayAnswer(answer);
    try {
      await socket.send([peer, ...frames]);
    } catch {
      // Full, or gone: who still wants it asks again.
      this.stats.unsent += 1;
      return;
    }
    if (answer.kind !== 'page') return;
    this.stats.pages += 1;
    this.stats.bytes += frames[1]?.length ?? 0;
    for (const { count } of answer.batches) this.stats.records += count;
  }
}

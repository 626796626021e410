// What a team would write in an afternoon to serve a broker's messages as SSE: Hono's `streamSSE`, one `writeSSE` a record and
// consumer. It frames a record once for each consumer, and each write is a chunk of its own. A consumer that does not keep up
// has so many records waiting, and misses what comes then; nobody is told.
import type { AddressInfo, Server } from 'node:net';
import { serve as serveHttp } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { serve } from '../lib/serve.js';
import { connectBus, type BusAddress } from '../peers/bus.js';

/** Records that wait for a consumer, at most. */
const MAX_WAITING = 10_000;

interface Message {
  readonly id: string;
  readonly data: string;
}

class Consumer {
  #waiting: Message[] = [];
  #wake = () => {};

  push(message: Message): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
    this.#wake();
  }

  /** What waits; if nothing does, what comes next. */
  async take(): Promise<readonly Message[]> {
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const messages = this.#waiting;
    this.#waiting = [];
    return messages;
  }

  wake(): void {
    this.#wake();
  }
}

const consumers = new Set<Consumer>();
let next = 1;

function take(body: Buffer): void {
  for (const data of body.toString().split('\n')) {
    if (data === '') continue;
    const message = { id: String(next++), data };
    for (const consumer of consumers) consumer.push(message);
  }
}

const app = new Hono().get('/', (c) =>
  streamSSE(c, async (stream) => {
    const consumer = new Consumer();
    consumers.add(consumer);
    stream.onAbort(() => {
      consumers.delete(consumer);
      consumer.wake();
    });
    // A response without a first write has no head yet.
    await stream.write(':\n\n');
    while (!stream.aborted) {
      for (const message of await consumer.take()) await stream.writeSSE(message);
    }
  }),
);

export const methods = {
  /** Answers the port that consumers connect to. */
  async start(address: BusAddress): Promise<number> {
    const bus = await connectBus(address);
    await bus.subscribe(take);
    return new Promise((resolve) => {
      const server = serveHttp({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
        resolve(((server as Server).address() as AddressInfo).port),
      );
    });
  },
};

export type HonoProxyMethods = typeof methods;

serve(methods);

// What somebody would put before Redis, NATS or Kafka to serve their messages as SSE, written well: a record is framed once
// whoever reads it, what came within some milliseconds goes out as one write of one shared buffer, and a consumer that
// does not keep up is passed over and told how many it missed. What the broker loses it cannot know.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { serve } from '../lib/serve.js';
import { connectBus, type BusAddress } from '../peers/bus.js';

/** The rest between two writes: three times what the last one took, within these bounds, as the relay does. */
const REST_MS = { least: 2, most: 50, times: 3 } as const;

/** A consumer with more than this unsent is passed over, bytes. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

interface Consumer {
  readonly socket: Socket;
  missed: number;
}

const consumers = new Set<Consumer>();
let next = 1;
let pending = '';
let records = 0;
let flushing: NodeJS.Timeout | undefined;
/** Before this the proxy rests, ms of `performance.now`. */
let restsUntil = 0;

function take(body: Buffer): void {
  for (const record of body.toString('latin1').split('\n')) {
    if (record === '') continue;
    pending += `id: ${next++}\ndata: ${record}\n\n`;
    records += 1;
  }
  schedule();
}

/** What comes after a rest does not wait for another one. */
function schedule(): void {
  flushing ??= setTimeout(flush, Math.max(REST_MS.least, restsUntil - performance.now()));
}

function flush(): void {
  flushing = undefined;
  const began = performance.now();
  const chunk = chunkOf(pending);
  const count = records;
  pending = '';
  records = 0;
  let behind = false;
  for (const consumer of consumers) {
    const { socket } = consumer;
    if (socket.writableLength > MAX_UNSENT_BYTES) {
      consumer.missed += count;
      behind = true;
      continue;
    }
    if (consumer.missed > 0) {
      socket.write(chunkOf(`event: dropped\ndata: {"count":${consumer.missed},"hop":"proxy"}\n\n`));
      consumer.missed = 0;
    }
    if (count > 0) socket.write(chunk);
  }
  const now = performance.now();
  restsUntil = now + Math.min(REST_MS.most, (now - began) * REST_MS.times);
  if (behind) schedule();
}

function chunkOf(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`, 'latin1');
}

function admit(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.flushHeaders();
  const { socket } = response;
  if (socket === null) return;
  socket.setNoDelay(true);
  const consumer = { socket, missed: 0 };
  consumers.add(consumer);
  // A consumer that is gone is no fault of the proxy's.
  socket.on('error', () => {});
  socket.once('close', () => consumers.delete(consumer));
}

export const methods = {
  /** Answers the port that consumers connect to. */
  async start(address: BusAddress): Promise<number> {
    const bus = await connectBus(address);
    await bus.subscribe(take);
    const server = createServer((_, response) => admit(response));
    await new Promise<void>((resolve) => {
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
    return (server.address() as AddressInfo).port;
  },
};

export type SseProxyMethods = typeof methods;

serve(methods);

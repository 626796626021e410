// Many SSE consumers in one process, as raw TCP connections: an HTTP client would cost more than what is measured. Each
// connection's events are counted exactly; latencies are taken from some of the connections only, but then from all of
// their events.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { connect, type Socket } from 'node:net';
import type { ReaderCount } from '../lib/account.js';
import { nowMicros, readStamp } from '../lib/clock.js';
import { SseResponse } from '../lib/response.js';
import { serve } from '../lib/serve.js';
import type { LatencySummary } from '../lib/statistics.js';

export interface OpenRequest {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  /** Every so many-th connection takes latencies; 0 for none. */
  readonly sampleEvery: number;
  /** How fast each of them reads; 0 for as fast as it comes. */
  readonly bytesPerSecond: number;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface AwaitRequest {
  /** Records that each of `connections` should have received or been told of. */
  readonly totals: readonly number[];
  readonly timeout: number;
}

export interface AwaitReply {
  readonly complete: boolean;
  /** When the last record of all came, µs of the machine's clock. */
  readonly lastAt: number;
}

export interface ReaderTotals {
  readonly records: number;
  readonly dropped: number;
  /** Bytes from the sockets, frames of HTTP included. */
  readonly bytes: number;
}

/** Attempts to connect at a time: below what a listener's backlog holds. */
const AT_ONCE = 128;

/** One address has 28,232 ports for one destination by default (ip(7), ip_local_port_range). */
const PORTS_AN_ADDRESS = 20_000;

const READ_BYTES = 256 * 1024;

/** All connections read into it, one after the other. */
const space = Buffer.allocUnsafeSlow(READ_BYTES);

interface Connection {
  readonly socket: Socket;
  readonly response: SseResponse;
  readonly pace?: Pace | undefined;
}

const connections: Connection[] = [];
let bytes = 0;
let lastAt = 0;
let latencies: RecordableHistogram = createHistogram();

/** Lets so many bytes a second be read: a read that is ahead of its time stops the next ones until it no longer is. */
class Pace {
  #bytesPerSecond: number;
  #due = performance.now();

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Answers whether to read on. */
  take(length: number, socket: Socket): boolean {
    const now = performance.now();
    this.#due = Math.max(this.#due, now - PACE_SLACK_MS) + (length / this.#bytesPerSecond) * 1000;
    if (this.#due <= now) return true;
    setTimeout(() => socket.resume(), this.#due - now);
    return false;
  }

  end(): void {
    this.#bytesPerSecond = Infinity;
    this.#due = 0;
  }
}

/** A timer that was late may be made up for, ms. */
const PACE_SLACK_MS = 50;

function openOne(request: OpenRequest, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error);
    const sampled = request.sampleEvery > 0 && index % request.sampleEvery === 0;
    const response = new SseResponse(resolve, sampled ? takeLatency : undefined);
    const pace = request.bytesPerSecond > 0 ? new Pace(request.bytesPerSecond) : undefined;
    const socket: Socket = connect({
      port: request.port,
      host: '127.0.0.1',
      localAddress: `127.0.0.${1 + Math.floor(index / PORTS_AN_ADDRESS)}`,
      onread: {
        buffer: space,
        callback: (length): boolean => {
          bytes += length;
          const before = response.counter.records + response.counter.dropped;
          response.push(space, 0, length);
          if (response.counter.records + response.counter.dropped > before) lastAt = nowMicros();
          return pace === undefined || pace.take(length, socket);
        },
      },
    });
    socket.once('error', fail);
    socket.once('close', () => fail(new Error(`connection ${index} was closed`)));
    socket.write(
      `GET ${request.path} HTTP/1.1\r\nHost: 127.0.0.1:${request.port}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    connections[index] = { socket, response, pace };
  });
}

function takeLatency(event: Buffer, start: number, end: number): void {
  const stamp = readStamp(event, start, end);
  if (stamp !== undefined) latencies.record(Math.max(1, Math.round(nowMicros() - stamp)));
}

function isComplete(totals: readonly number[]): boolean {
  return totals.every((total, i) => {
    const counter = connections[i]?.response.counter;
    return counter !== undefined && counter.records + counter.dropped >= total;
  });
}

const POLL_MS = 5;

export const methods = {
  /** Opens further connections; resolves when each has its response's head. */
  async open(request: OpenRequest): Promise<void> {
    const first = connections.length;
    let next = first;
    const lane = async () => {
      while (next < first + request.connections) await openOne(request, next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  },
  counts: (): ReaderCount[] =>
    connections.map(({ response: { counter } }) => ({ received: counter.records, dropped: counter.dropped })),
  totals(): ReaderTotals {
    let records = 0;
    let dropped = 0;
    for (const { response } of connections) {
      records += response.counter.records;
      dropped += response.counter.dropped;
    }
    return { records, dropped, bytes };
  },
  /** Waits until each connection has its total, received or told of as dropped. */
  async until({ totals, timeout }: AwaitRequest): Promise<AwaitReply> {
    const deadline = performance.now() + timeout;
    while (!isComplete(totals)) {
      if (performance.now() > deadline) return { complete: false, lastAt };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return { complete: true, lastAt };
  },
  /** Stops reading from some connections, as a client does that hangs. */
  stall: ({ from, to }: Range): void => connections.slice(from, to).forEach(({ socket }) => socket.pause()),
  resume: ({ from, to }: Range): void => connections.slice(from, to).forEach(({ socket }) => socket.resume()),
  /** Those that read slowly go on as fast as it comes. */
  unpace(): void {
    for (const { socket, pace } of connections) {
      pace?.end();
      if (pace !== undefined) socket.resume();
    }
  },
  /** Latencies since the last call. */
  takeLatencies(): LatencySummary {
    const taken = latencies;
    latencies = createHistogram();
    return {
      count: taken.count,
      p50: taken.percentile(50),
      p99: taken.percentile(99),
      p999: taken.percentile(99.9),
      max: taken.max,
    };
  },
  close(): void {
    for (const { socket } of connections.splice(0)) socket.destroy();
  },
};

export type ReaderMethods = typeof methods;

serve(methods);

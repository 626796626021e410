import { Agent, request, type OutgoingHttpHeaders } from 'node:http';
import { BenchError } from '../lib/errors.js';
import type { Bus } from './bus.js';

/** How a server that speaks SSE itself takes what is published. */
export interface Post {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly bodyOf: (record: Buffer) => Buffer;
}

export const TO_NCHAN: Post = { path: '/publish', headers: {}, bodyOf: (record) => record };

/** @param token of a publisher */
export function toMercure(token: string): Post {
  return {
    path: '/.well-known/mercure',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    bodyOf: (record) => Buffer.from(`topic=logs&data=${encodeURIComponent(record.toString('latin1'))}`),
  };
}

/** A record is an event there, so it is a message. One kept connection, so that the order is. */
export function postTo(port: number, { path, headers, bodyOf }: Post): Bus {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const post = (record: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const body = bodyOf(record);
      const to = request({
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        agent,
        headers: { ...headers, 'Content-Length': body.length },
      });
      to.once('error', reject);
      to.once('response', (response) => {
        response.resume().once('end', resolve);
        if ((response.statusCode ?? 500) >= 300) {
          reject(new Error(`the server answered ${response.statusCode} to what was published`));
        }
      });
      to.end(body);
    });
  return {
    async publish(bodies) {
      await Promise.all(bodies.flatMap(recordsOf).map(post));
    },
    subscribe: () => Promise.reject(new BenchError('part', 'it serves its consumers itself')),
  };
}

const LF = 0x0a;

/** The records of a body, each without its newline. */
export function recordsOf(body: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(LF, start);
    records.push(body.subarray(start, end === -1 ? body.length : end));
    if (end === -1) break;
    start = end + 1;
  }
  return records;
}

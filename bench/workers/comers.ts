// Readers that come and leave: each connects, asks for a stream in one of several ways, reads for some ms and is gone, by its
// own word or without one.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../lib/serve.js';

export interface Visits {
  readonly port: number;
  readonly visits: number;
  /** As many are there at a time. */
  readonly atOnce: number;
  /** The streams that they ask for, by turns. */
  readonly paths: readonly string[];
  /** Longest stay, ms. */
  readonly stay: number;
}

export interface Visited {
  /** Visits that were answered with a stream. */
  readonly answered: number;
  /** Bytes that they read. */
  readonly bytes: number;
  readonly seconds: number;
}

/** Formats, filters and pasts, so that views and joins come and go as well. */
const QUERIES = [
  '',
  '?format=sse',
  '?format=ndjson&level=warn',
  '?format=sse&tail=10',
  '?q=line',
  '?format=ndjson&tail=5',
];

const methods = { visit };

export type ComerMethods = typeof methods;

async function visit({ port, visits, atOnce, paths, stay }: Visits): Promise<Visited> {
  const began = performance.now();
  let next = 0;
  let answered = 0;
  let bytes = 0;
  const come = async () => {
    for (let i = next++; i < visits; i = next++) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      const path = `${paths[i % paths.length]}${QUERIES[i % QUERIES.length]}`;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      const first = await new Promise<Buffer | undefined>((resolve) => {
        socket.once('data', resolve);
        socket.once('close', () => resolve(undefined));
      });
      if (first?.toString('latin1').startsWith('HTTP/1.1 200')) answered += 1;
      socket.resume();
      await sleep((i % 10) * (stay / 10));
      bytes += socket.bytesRead;
      if (i % 3 === 0) socket.resetAndDestroy();
      else if (i % 3 === 1) socket.destroy();
      else socket.end();
      if (i % 3 === 2) setTimeout(() => socket.destroy(), LEAVE_MS);
      await closed;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, come));
  return { answered, bytes, seconds: (performance.now() - began) / 1000 };
}

/** Who has said that it leaves waits for the other side so long, ms. */
const LEAVE_MS = 50;

serve(methods);

// Where a collector sends its records over TCP, a line each: takes them as fast as they come, and counts them.
import { createServer, type AddressInfo } from 'node:net';
import { nowMicros } from '../lib/clock.js';
import { serve } from '../lib/serve.js';

export interface LinesDrained {
  readonly lines: number;
  /** When the last came, µs of the machine's clock. */
  readonly lastAt: number;
  /** The first line since the last reset. */
  readonly sample: string;
}

const LF = 0x0a;
const POLL_MS = 2;
const SAMPLE_BYTES = 4096;

let lines = 0;
let lastAt = 0;
let sample = '';
let connections = 0;

function take(bytes: Buffer): void {
  if (lines === 0) sample = bytes.toString('utf8', 0, SAMPLE_BYTES).split('\n', 1)[0] as string;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  lastAt = nowMicros();
}

async function until(isSo: () => boolean, timeout: number): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!isSo() && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

export const methods = {
  /** Answers its port. */
  async start(): Promise<number> {
    const server = createServer((socket) => {
      connections += 1;
      socket.on('data', take).on('error', () => {});
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  },
  async connected(timeout: number): Promise<boolean> {
    await until(() => connections > 0, timeout);
    return connections > 0;
  },
  reset(): void {
    lines = 0;
  },
  async until({ total, timeout }: { total: number; timeout: number }): Promise<LinesDrained> {
    await until(() => lines >= total, timeout);
    return { lines, lastAt, sample };
  },
};

export type LineDrainMethods = typeof methods;

serve(methods);

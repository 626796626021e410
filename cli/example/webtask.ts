/**
 * A small webtask host, the example that `spillway dev` runs: a program of its own, as in a container, which knows
 * nothing of Spillway. Its first line says where it listens. See functions.ts for what it can be made to print.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createHost } from './host.js';

/** So that there is something to see before anybody calls it. */
const DEFAULT_TICK_MS = 3_000;
/** How long a request may go on after a signal, ms. */
const GRACE_MS = 1_000;

interface Options {
  readonly host: string;
  readonly port: number;
  readonly tickMs: number;
}

/** @throws {Error} with a sentence, for words that cannot be read */
function readOptions(): Options {
  const word = { type: 'string' } as const;
  const { values } = parseArgs({ options: { host: word, port: word, tick: word } });
  const port = Number(values.port ?? 3000);
  const tickMs = Number(values.tick ?? DEFAULT_TICK_MS);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('--port takes a number from 0 to 65535');
  if (!Number.isInteger(tickMs) || tickMs < 1)
    throw new Error('--tick takes a number of milliseconds, 1 or more');
  return { host: values.host ?? '127.0.0.1', port, tickMs };
}

async function main({ host, port, tickMs }: Options): Promise<void> {
  const server = createHost();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message}: choose another with --port, which is --example-port of spillway dev`, {
      cause: error,
    });
  }
  console.log(`webtask listening on http://${host}:${(server.address() as AddressInfo).port}`);

  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
    console.log(`tick ${ticks}: up ${Math.round(process.uptime())} s, waiting for requests`);
  }, tickMs);

  const stop = (signal: NodeJS.Signals) => {
    console.log(`${signal}: no more requests`);
    clearInterval(ticking);
    server.close();
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

function refuse(error: unknown): void {
  console.error(`webtask: ${error instanceof Error ? error.message : String(error)}`);
}

let options;
try {
  options = readOptions();
} catch (error) {
  refuse(error);
  process.exitCode = 2;
}
if (options !== undefined) {
  await main(options).catch((error: unknown) => {
    refuse(error);
    process.exitCode = 1;
  });
}

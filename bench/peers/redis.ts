import { findProgram, freePort, startServer, temporaryFolder, type Peer } from './peer.js';
import type { Scope } from '../lib/scope.js';
import type { RunningTarget } from '../lib/target.js';
import { HONO_PROXY, PROXY, startProxied } from './proxied.js';

/** Nothing on disk, and no bound on what a subscriber may have waiting: it must not be cut off. */
const OPTIONS = { save: '', appendonly: 'no', 'client-output-buffer-limit': 'pubsub 0 0 0' };

const CONFIGURATION = [
  ...Object.entries(OPTIONS).map(([key, value]) => `${key} ${value || '""'}`),
  'a message is a batch; publishes are pipelined',
];

export const redis: Peer = {
  name: 'redis',
  asItComes: false,
  setup: 'Redis pub/sub and the SSE proxy',
  install: 'bench/peers/install.sh redis',
  configuration: [...CONFIGURATION, PROXY],
  isHere,
  start: (scope) => start(scope, 'sse-proxy'),
};

/** The same broker behind what most would put before it. */
export const redisHono: Peer = {
  ...redis,
  name: 'redis-hono',
  asItComes: true,
  setup: "Redis pub/sub and an SSE proxy with Hono's streamSSE",
  configuration: [...CONFIGURATION, HONO_PROXY],
  start: (scope) => start(scope, 'hono-proxy'),
};

function isHere(): boolean {
  return findProgram('redis-server') !== undefined;
}

async function start(scope: Scope, proxy: 'sse-proxy' | 'hono-proxy'): Promise<RunningTarget> {
  const port = await freePort();
  const options = { ...OPTIONS, port: String(port), bind: '127.0.0.1', dir: temporaryFolder(scope) };
  const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
  const server = await startServer(scope, 'redis-server', words, port);
  return startProxied(scope, { bus: 'redis', ports: [port] }, { redis: server.pid }, proxy);
}

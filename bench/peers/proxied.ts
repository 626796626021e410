import type { Scope } from '../lib/scope.js';
import type { RunningTarget } from '../lib/target.js';
import { startWorker } from '../lib/worker.js';
import type { PeerGeneratorMethods } from '../workers/peer-generator.js';
import type { SseProxyMethods } from '../workers/sse-proxy.js';
import type { BusAddress } from './bus.js';

/** Said of each peer that cannot speak SSE. */
export const PROXY =
  'before it a Node SSE proxy (workers/sse-proxy): each record framed once, one shared buffer a flush, rests of 2 to 50 ms as the relay does, consumers with 4 MiB unsent are passed over and told';

/** Said of the one with the proxy that is quickly written. */
export const HONO_PROXY =
  "before it a Node SSE proxy as it is quickly written (workers/hono-proxy): Hono's streamSSE, a writeSSE a record and consumer, at most 10,000 records wait for one";

/** The generator and an SSE proxy around a broker that runs. */
export async function startProxied(
  scope: Scope,
  address: BusAddress,
  processes: Readonly<Record<string, number>>,
  worker: 'sse-proxy' | 'hono-proxy' = 'sse-proxy',
): Promise<RunningTarget> {
  const proxy = startWorker<SseProxyMethods>(scope, worker);
  const port = await proxy.call('start', address);
  const running = await startPublished(scope, address, { ...processes, proxy: proxy.pid });
  return { ...running, port, path: '/', server: proxy.pid };
}

/** The generator before a server that speaks SSE itself. */
export async function startPublished(
  scope: Scope,
  address: BusAddress,
  processes: Readonly<Record<string, number>>,
) {
  const generator = startWorker<PeerGeneratorMethods>(scope, 'peer-generator');
  await generator.call('start', address);
  return {
    ask: () => Promise.resolve(undefined),
    processes: { generator: generator.pid, ...processes },
    // Whoever subscribes has said so before `start` resolves.
    greet: () => Promise.resolve(),
    publish: (load: Parameters<PeerGeneratorMethods['run']>[0]) => generator.call('run', load),
  };
}

import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isLoopbackHost } from '../cluster/loopback.js';
import { observeRelay } from '../telemetry/index.js';
import { openGate, type Gate, type GateHooks } from './auth/index.js';
import { RelayCore } from './core.js';
import { cutDeadPeers } from './dead-peers.js';
import { connectDiscovered, type DiscoveryHooks } from './discovered.js';
import { FORMATS } from './encode/index.js';
import { RelayError } from './errors.js';
import { createServer, type Fetch } from './front.js';
import { resolveRelayOptions, type RelayOptions, type ResolvedRelayOptions } from './options.js';
import { refuseForeignName } from './own-names.js';
import { Refusals } from './refusal.js';
import { createRoutes, type RelayHooks } from './routes.js';
import { Trust } from './trust.js';

/** Connections that may wait to be accepted: a relay that dies sends all its clients to the others at once. */
const BACKLOG = 4096;

export interface Relay {
  /** Where it really listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly core: RelayCore;
  /** Drains, then closes. Idempotent. */
  close(): Promise<void>;
}

/**
 * @throws {RelayError} where an endpoint or the HTTP address cannot be used
 * @throws {AuthError} where there is nothing to check tokens with that it was told to
 * @throws {ClusterError} `key` where a CURVE key or the allow-list cannot be used
 */
export async function startRelay(
  options: RelayOptions = {},
  hooks: RelayHooks & DiscoveryHooks & GateHooks = {},
): Promise<Relay> {
  const resolved = resolveRelayOptions(options);
  const gate = await openGate(resolved, hooks);
  if (!gate.closed && !resolved.insecure && !isLoopbackHost(resolved.host)) {
    throw new RelayError(
      'insecure',
      `${resolved.host} is reached from other machines, and whoever reaches it could read every tenant's logs: ask for tokens (--jwks, --jwt-key-file or --jwt-secret-file), listen on 127.0.0.1 behind a proxy that authenticates, or say --insecure.`,
    );
  }
  try {
    return await open(resolved, gate, hooks);
  } catch (error) {
    gate.close();
    throw error;
  }
}

async function open(
  options: ResolvedRelayOptions,
  gate: Gate,
  hooks: RelayHooks & DiscoveryHooks,
): Promise<Relay> {
  const { from, discover, maxBodyBytes, receiveHwm } = options;
  const sources = [...(from.length > 0 ? [`static:${from.join(',')}`] : []), ...discover];
  const refusals = new Refusals();
  const trust = await Trust.open(options, hooks);
  const core = new RelayCore(options, (handlers) =>
    connectDiscovered({ sources, trust, maxBodyBytes, receiveHwm, ...handlers }, hooks),
  );
  let server: Server;
  try {
    const app = createRoutes({ core, options, gate, onRefusal: refusals.count }, hooks);
    const isOpen = !gate.closed && isLoopbackHost(options.host);
    const fetch: Fetch = (request, env) => {
      const refusal = isOpen && refuseForeignName(env.incoming.headers.host, options.hostName);
      if (!refusal) return app.fetch(request, env);
      refusals.count(refusal.reason);
      return refusal.toResponse();
    };
    server = createServer(fetch, options, refusals.count);
    await listen(server, options.host, options.port);
  } catch (error) {
    await core.close();
    throw error;
  }
  const sockets = trackSockets(server);
  const stopObserving = observeRelay(core, FORMATS, sockets.bytesOut, refusals, options.maxConsumers);
  const stopCutting = cutDeadPeers(sockets.open, (server.address() as AddressInfo).port);
  let closing: Promise<void> | undefined;
  return {
    url: urlOf(server.address() as AddressInfo),
    core,
    close() {
      stopCutting();
      closing ??= close(server, core).finally(() => {
        gate.close();
        stopObserving();
      });
      return closing;
    },
  };
}

/** The order of closing: no new connections; drain the streams; cut what is left; then the upstream. */
async function close(server: Server, core: RelayCore): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await core.drain();
  // Farewells are on their way to the kernel; connections that do not take them are cut.
  setTimeout(() => server.closeAllConnections(), FAREWELL_MS).unref();
  server.closeIdleConnections();
  await closed;
  await core.close();
}

const FAREWELL_MS = 500;

/** Knows the open connections, and what went out over all, past and present, without a step in the way of a write. */
function trackSockets(server: Server): { open: ReadonlySet<Socket>; bytesOut: () => number } {
  const sockets = new Set<Socket>();
  let closed = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      closed += socket.bytesWritten;
    });
  });
  const bytesOut = () => {
    let sum = closed;
    for (const { bytesWritten } of sockets) sum += bytesWritten;
    return sum;
  };
  return { open: sockets, bytesOut };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
  } catch (cause) {
    throw new RelayError(
      'listen',
      `Cannot listen on ${host}:${port} (${(cause as Error).message}): stop what uses it, or choose another with --listen.`,
      { cause },
    );
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

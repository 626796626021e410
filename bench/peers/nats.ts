import { findProgram, freePort, startServer, type Peer } from './peer.js';
import { PROXY, startProxied } from './proxied.js';

export const nats: Peer = {
  name: 'nats',
  asItComes: false,
  setup: 'NATS core pub/sub and the SSE proxy',
  install: 'bench/peers/install.sh nats',
  configuration: ['no JetStream, defaults otherwise; a message is a batch', PROXY],
  isHere: () => findProgram('nats-server') !== undefined,
  async start(scope) {
    const port = await freePort();
    const server = await startServer(
      scope,
      'nats-server',
      ['--addr', '127.0.0.1', '--port', String(port)],
      port,
    );
    return startProxied(scope, { bus: 'nats', ports: [port] }, { nats: server.pid });
  },
};

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { findProgram, freePort, startServer, type Peer } from './peer.js';
import { startPublished } from './proxied.js';

/** Where `bench/peers/install.sh` puts the hub. */
const HUB = fileURLToPath(new URL('../../../bench/peers/.cache/mercure', import.meta.url));

/** Nothing on disk, as little as is allowed is looked at, and connections stay. */
const OPTIONS = {
  'transport-url': 'local://local',
  'allow-anonymous': 'true',
  'write-timeout': '0s',
  'heartbeat-interval': '0s',
} as const;

export const mercure: Peer = {
  name: 'mercure',
  asItComes: true,
  setup: 'Mercure v0.20.2, the hub of its Go module: it speaks SSE itself',
  install: 'bench/peers/install.sh mercure',
  configuration: [
    ...Object.entries(OPTIONS).map(([key, value]) => `${key} ${value}`),
    'a record is an update, since an event is one; published over one kept connection',
    'a subscriber with 1,000 updates unsent is cut off, which is not an option',
  ],
  isHere: () => findProgram(HUB) !== undefined,
  async start(scope) {
    const port = await freePort();
    const key = randomBytes(32).toString('base64url');
    const token = await new SignJWT({ mercure: { publish: ['*'] } })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(key));
    const options = { ...OPTIONS, addr: `127.0.0.1:${port}`, 'jwt-key': key };
    const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const { pid } = await startServer(scope, HUB, words, port);
    const running = await startPublished(scope, { bus: 'mercure', ports: [port], token }, { mercure: pid });
    return { ...running, port, path: '/.well-known/mercure?topic=logs', server: pid };
  },
};

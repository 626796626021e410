// Every ZeroMQ link of every part, seen from a peer that is a bare TCP connection.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startConsolidator } from '../../consolidator/index.js';
import { ReplayClient } from '../../relay/replay-client.js';
import { connectUpstream } from '../../relay/upstream.js';
import { resolveSidecarOptions } from '../../sidecar/options.js';
import { Publisher } from '../../sidecar/publisher.js';
import { handshake, longFrame, PING } from '../support/zmtp.js';

const ANY = 'tcp://127.0.0.1:*';

interface Link {
  readonly name: string;
  /** A connection whose other end is a part's, before anything was said. */
  readonly socket: Socket;
  /** What the peer claims to be. */
  readonly type: string;
}

/** The three doors of a consolidator, and what a sidecar and a relay connect to. */
async function links(t: Test): Promise<Link[]> {
  const consolidator = await startConsolidator({ publish: ANY, subscribe: ANY });
  t.teardown(() => consolidator.close());
  const { publish, subscribe, replay } = consolidator;
  const doors = [
    ['publish', publish, 'PUB'],
    ['subscribe', subscribe, 'SUB'],
    ['replay', replay, 'DEALER'],
  ] as const;
  const listening = doors.map(async ([name, endpoint, type]) => {
    const socket = connect(Number(new URL(endpoint.replace('tcp', 'http')).port), '127.0.0.1');
    await once(socket, 'connect');
    return { name: `a consolidator's ${name}`, socket, type };
  });
  const calling = [
    ['a sidecar', 'SUB', (to: string) => callAsSidecar(t, to)],
    ["a relay's subscriptions", 'PUB', (to: string) => callAsUpstream(t, to)],
    ["a relay's questions", 'ROUTER', (to: string) => callAsReplay(t, to)],
  ] as const;
  const called = calling.map(async ([name, type, call]) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    call(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [socket] = (await once(server, 'connection')) as [Socket];
    return { name, socket, type };
  });
  const all = await Promise.all([...listening, ...called]);
  for (const { socket } of all) {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
  }
  return all;
}

function callAsSidecar(t: Test, to: string): void {
  const topic = { class: 'system', component: 'a' } as const;
  const publisher = new Publisher(resolveSidecarOptions({ topic, to, flushTimeout: 0 }));
  t.teardown(() => publisher.close());
}

function callAsUpstream(t: Test, to: string): void {
  const [onMessage, onStatus] = [() => {}, () => {}];
  const upstream = connectUpstream({ maxBodyBytes: 1_000_000, receiveHwm: 10, onMessage, onStatus });
  t.teardown(() => upstream.close());
  upstream.follow([{ endpoint: to }]);
}

function callAsReplay(t: Test, to: string): void {
  const client = new ReplayClient({ maxBodyBytes: 1_000_000 });
  t.teardown(() => client.close());
  client.follow([{ endpoint: to }]);
}

void t.test('threat: a frame of a gigabyte, on any link, costs its sender the connection', async (t) => {
  const before = process.memoryUsage.rss();
  for (const { name, socket, type } of await links(t)) {
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(Buffer.concat([handshake(type), longFrame(2n ** 30n)]));
    socket.resume();
    await closed;
    t.pass(`${name} cuts it`);
  }
  t.ok(process.memoryUsage.rss() - before < 100e6);
});

void t.test('a peer that falls silent is asked whether it is there, on every link', async (t) => {
  const all = (await links(t)).map(async ({ name, socket, type }) => {
    socket.write(handshake(type));
    let seen = Buffer.alloc(0);
    for await (const chunk of socket) {
      seen = Buffer.concat([seen, chunk as Buffer]);
      if (seen.includes(PING)) return name;
    }
    return `${name} ended`;
  });
  t.strictSame(await Promise.all(all), [
    "a consolidator's publish",
    "a consolidator's subscribe",
    "a consolidator's replay",
    'a sidecar',
    "a relay's subscriptions",
    "a relay's questions",
  ]);
});

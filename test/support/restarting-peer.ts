import { parentPort, workerData } from 'node:worker_threads';
import { XSubscriber } from 'zeromq';
import { formatSubscription, PRESENCE_PREFIX } from '../../wire/index.js';

/**
 * A worker: a consolidator that changes one subscription, goes, and is back on the same port, while the thread that
 * started it stands still. It goes on at each message, and `state`, over shared memory, becomes 1 when it is back.
 */
const { state, topic } = workerData as { state: Int32Array; topic: string };

async function bind(endpoint: string): Promise<XSubscriber> {
  const socket = new XSubscriber({ linger: 0 });
  for (const prefix of [topic, PRESENCE_PREFIX])
    await socket.send(formatSubscription({ subscribe: true, prefix }));
  await socket.bind(endpoint);
  return socket;
}

/** Resolves at the next message of the thread that started this one. */
const told = () => new Promise((resolve) => parentPort?.once('message', resolve));

/** Reads until the socket is closed: only a socket that is used takes new connections in. */
async function read(socket: XSubscriber): Promise<void> {
  try {
    for await (const frames of socket) void frames;
  } catch (error) {
    if (!socket.closed) throw error;
  }
}

const first = await bind('tcp://127.0.0.1:*');
const endpoint = first.lastEndpoint as string;
const reading = read(first);
parentPort?.postMessage(endpoint);
await told();
// Awake, the thread would look at this first; so what comes later is seen before the news of the connection's end.
await first.send(formatSubscription({ subscribe: true, prefix: 'tenant/' }));
await new Promise((resolve) => setTimeout(resolve, 50));
const freed = new Promise((resolve) => first.events.on('close', resolve));
first.close();
await freed;
await reading;
const second = await bind(endpoint);
const connected = new Promise((resolve) => second.events.on('handshake', resolve));
const readingAgain = read(second);
await connected;
await new Promise((resolve) => setTimeout(resolve, 50));
Atomics.store(state, 0, 1);
Atomics.notify(state, 0);
await told();
second.close();
await readingAgain;

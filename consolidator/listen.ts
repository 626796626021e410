import type { Router, XPublisher, XSubscriber } from 'zeromq';
import { isLoopbackEndpoint } from '../cluster/loopback.js';
import { ConsolidatorError } from './errors.js';
import type { Door } from './guards.js';

type Listening = Router | XPublisher | XSubscriber;

/** A listener is gone within milliseconds; an in-process endpoint has none, and says nothing, ms. */
const FREED_MS = 500;

/**
 * Refuses an endpoint that other machines reach, where nobody has to prove who they are.
 *
 * @throws {ConsolidatorError} `insecure`
 */
export function refuseOpen(endpoint: string, door: Door): void {
  if (isLoopbackEndpoint(endpoint)) return;
  throw new ConsolidatorError(
    'insecure',
    `${endpoint} is reached from other machines, and whoever reaches it could ${HARM[door]} every tenant's logs: give --curve-secret-key and --curve-allow-${door}, choose a loopback address with --${door}, or say --insecure.`,
  );
}

const HARM: Readonly<Record<Door, string>> = { publish: 'write', subscribe: 'read', replay: 'read' };

/** Binds, and answers the endpoint as it is, with the port that the system chose. @throws {ConsolidatorError} */
export async function listen(socket: Listening, endpoint: string, option: string): Promise<string> {
  try {
    await socket.bind(endpoint);
    return socket.lastEndpoint ?? endpoint;
  } catch (cause) {
    throw new ConsolidatorError(
      'endpoint',
      `Cannot listen on ${endpoint} (${(cause as Error).message}): stop what uses it, or choose another with --${option}.`,
      { cause },
    );
  }
}

/**
 * Closes a socket, and resolves when its port is free: libzmq's I/O thread sees to that a moment after the close, and
 * says so. Unbinding first is no way: zeromq.js 6.8 does it in another thread, and libzmq aborts a process in which two
 * threads are at one socket.
 */
export async function closeListening(socket: Listening): Promise<void> {
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, FREED_MS);
    socket.events.on('close', () => {
      clearTimeout(limit);
      resolve();
    });
    socket.close();
  });
}

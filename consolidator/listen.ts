import type { Router, XPublisher, XSubscriber } from 'zeromq';
import { isLoopbackEndpoint } from '../cluster/loopback.js';
import { ConsolidatorError } from './errors.js';
import type { Door } from './guards.js';

type Listening = Router | XPublisher | XSubscriber;

/** A listener is gone within milliseconds; an in-process endpoint has none, and says nothing, ms. */
const FREED_MS = 500;

/**
 * ZeroMQ judges the rest, but of a port that is missing it says whatever error came last.
 *
 * @throws {ConsolidatorError} `endpoint` for what is none by its form
 */
export function checkForm(endpoint: string, door: Door): void {
  if (/^(?:tcp:\/\/.+:(?:\d+|\*)|(?!tcp:)\w+:\/\/.+)$/.test(endpoint)) return;
  const isBare = /^[^/\s]+:(?:\d+|\*)$/.test(endpoint);
  const example = isBare ? `tcp://${endpoint}` : 'one such as tcp://127.0.0.1:5555';
  throw new ConsolidatorError('endpoint', `${endpoint} is no endpoint: give --${door} ${example}.`);
}

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

const OTHER_FORM = 'that is no endpoint such as tcp://127.0.0.1:5555, so give one';
const NOT_HERE = 'this machine has no such address, so choose another';

/** What to do about it, by the code of the error. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what uses it, or choose another',
  EADDRNOTAVAIL: NOT_HERE,
  ENODEV: NOT_HERE,
  EINVAL: OTHER_FORM,
  EPROTONOSUPPORT: OTHER_FORM,
};

/**
 * Binds, and answers the endpoint as it is, with the port that the system chose.
 *
 * @param option names the endpoint, for the message
 * @throws {ConsolidatorError} `endpoint`
 */
export async function listen(socket: Listening, endpoint: string, option: string): Promise<string> {
  try {
    await socket.bind(endpoint);
    return socket.lastEndpoint ?? endpoint;
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const wayOut = WAYS_OUT[code] ?? 'choose another';
    throw new ConsolidatorError(
      'endpoint',
      `Cannot listen on ${endpoint} (${message}): ${wayOut} with --${option}.`,
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

import { createServer as createNodeServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Refusal, type RefusalReason } from './refusal.js';

/** What a client of HTTP/1.0 that sends no Host is taken to have said. */
const DEFAULT_HOSTNAME = 'localhost';

/** Request line and headers, a token among them, and the position of a reader of a thousand VMs. */
const MAX_HEADER_BYTES = 32 * 1024;

export interface FrontLimits {
  /** Connections in all. */
  readonly maxConnections: number;
  /** A request must have come whole within so long, ms. */
  readonly requestTimeout: number;
}

export type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/**
 * The HTTP server with its limits: what is too large, too slow or no HTTP at all is answered with a sentence and cut
 * before any route sees it, and a connection beyond the last is closed.
 *
 * @param onRefusal told of each
 */
export function createServer(
  fetch: Fetch,
  { maxConnections, requestTimeout }: FrontLimits,
  onRefusal: (reason: RefusalReason) => void,
): Server {
  const serverOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: requestTimeout,
    requestTimeout,
    // How often slow requests are looked for: so much later at most is one cut.
    connectionsCheckingInterval: Math.ceil(requestTimeout / 5),
  };
  const server = createAdaptorServer({
    fetch,
    hostname: DEFAULT_HOSTNAME,
    createServer: createNodeServer,
    serverOptions,
  }) as Server;
  server.maxConnections = maxConnections;
  server.on('drop', () => onRefusal('connections'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // It is being answered, and this is what it had sent meanwhile.
    if (socket.writableEnded) return;
    const refusal = refusalOf(error, requestTimeout);
    if (refusal === undefined) return void socket.destroy();
    onRefusal(refusal.reason);
    answer(socket as Socket, refusal);
  });
  return server;
}

function refusalOf({ code }: NodeJS.ErrnoException, requestTimeout: number): Refusal | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(
        'too-large',
        431,
        'Request header fields too large',
        `Request line and headers have room in ${MAX_HEADER_BYTES} bytes: send fewer cookies or a shorter token.`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(
        'too-slow',
        408,
        'Request timeout',
        `A request has to be here whole within ${requestTimeout / 1000} s.`,
      );
    case 'ECONNRESET':
      return undefined;
    default:
      return new Refusal('malformed', 400, 'Bad request', 'This is no HTTP request that can be understood.');
  }
}

/** Past a response that has begun, nothing can be said. */
function answer(socket: Socket, { status, title, body, headers }: Refusal): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const head = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
  // Cut at once, with bytes of the client unread, TCP would take the answer back; but the client may never close its side.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}

const LINGER_MS = 500;

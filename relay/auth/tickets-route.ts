import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { formatStream, parseStream, type Stream } from '../../wire/index.js';
import { Problem } from '../problem.js';
import { pathOf } from './cookie.js';
import type { Gate } from './gate.js';

/** What `POST /v1/tickets` answers. */
export interface TicketDocument {
  readonly ticket: string;
  /** Name of the stream that it opens, and no other. */
  readonly stream: string;
  /** Where: for `new EventSource(url)`; filters and the like may be added. */
  readonly url: string;
  /** Until when it opens a stream: ISO 8601, UTC. */
  readonly expires: string;
  /** When that stream ends, with the token that was shown: ISO 8601, UTC. */
  readonly until: string;
}

const MAX_BODY_BYTES = 4 * 1024;

/** `POST /v1/tickets` with a bearer token and `{"stream":"tenant/acme/web-1/"}`. */
export function createTicketsRoute(gate: Gate): Hono<{ Bindings: HttpBindings }> {
  const route = new Hono<{ Bindings: HttpBindings }>();
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new Problem(
        413,
        'Content too large',
        `A request for a ticket has no more than ${MAX_BODY_BYTES} bytes.`,
      );
    },
  });
  route.post('/', limit, async (c) => {
    if (!gate.closed) {
      throw new Problem(404, 'Not found', 'This relay asks for no token: open the stream without a ticket.');
    }
    const credentials = { authorization: c.req.header('Authorization') };
    const stream = streamIn(await c.req.text());
    const { ticket, expires, until } = await gate.mint(credentials, stream);
    const document: TicketDocument = {
      ticket,
      stream: formatStream(stream),
      url: `${pathOf(stream)}?ticket=${ticket}`,
      expires: new Date(expires).toISOString(),
      until: new Date(until).toISOString(),
    };
    return c.json(document, 201, { 'Cache-Control': 'no-store' });
  });
  return route;
}

/** @throws {Problem} 400 */
function streamIn(body: string): Stream {
  let name: unknown;
  try {
    name = (JSON.parse(body) as { stream?: unknown } | null)?.stream;
  } catch {
    // Told below.
  }
  const stream = typeof name === 'string' ? parseStream(name.endsWith('/') ? name : `${name}/`) : undefined;
  if (stream !== undefined) return stream;
  throw new Problem(
    400,
    'Bad request',
    'Name one stream in JSON, such as {"stream":"tenant/acme/web-1/"}, {"stream":"tenant/acme/"} or {"stream":"system/"}.',
  );
}

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import type { Stream } from '../wire/index.js';
import { createTicketsRoute, type Credentials, type Gate } from './auth/index.js';
import { createConsumersRoute } from './consumers-route.js';
import type { RelayCore } from './core.js';
import { crossOrigin } from './cross-origin.js';
import { ENCODERS } from './encode/index.js';
import { HttpConnection } from './http-connection.js';
import type { ResolvedRelayOptions } from './options.js';
import { Peers, type Peer } from './peer.js';
import { Places } from './places.js';
import { Problem } from './problem.js';
import { Refusal, type RefusalReason } from './refusal.js';
import { parseRequest, refuseDots, segment } from './request.js';
import { createViewerRoute } from './viewer-route.js';

type Env = { Bindings: HttpBindings };

/** What a relay leaves to whoever starts it. */
export interface RelayHooks {
  /** Told of errors that are the relay's own fault. */
  readonly onError?: (error: Error) => void;
  /** What `GET /metrics` answers; without it there is no such address. */
  readonly metrics?: MetricsText;
}

/** The process's metrics in a text format. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** What the routes of a relay stand on. */
export interface RouteParts {
  readonly core: RelayCore;
  readonly options: ResolvedRelayOptions;
  readonly gate: Gate;
  /** Told of each request that is turned away. */
  readonly onRefusal?: (reason: RefusalReason) => void;
}

/** The HTTP face of a relay: routing, negotiation and errors. What streams goes past Hono, see {@link HttpConnection}. */
export function createRoutes(
  { core, options, gate, onRefusal }: RouteParts,
  { onError = () => {}, metrics }: RelayHooks = {},
): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  const peers = new Peers(options.trustProxy);
  const doorway: Doorway = { core, options, gate, peers, places: new Places(options) };

  if (options.cors.length > 0) app.use('/v1/*', crossOrigin(options.cors));
  const operatorsOnly: MiddlewareHandler<Env> = async (c, next) => {
    await gate.admitOperator(credentialsOf(c, peers.of(c.env.incoming)));
    await next();
  };

  app.get('/v1/logs/tenant/:tenant/:container?', (c) => {
    const tenant = segment('tenant', c.req.param('tenant'));
    const container = c.req.param('container');
    return open(c, doorway, {
      class: 'tenant',
      tenant,
      ...(container !== undefined && { container: segment('container', container) }),
    });
  });

  app.get('/v1/logs/system/:component?', (c) => {
    const component = c.req.param('component');
    return open(c, doorway, {
      class: 'system',
      ...(component !== undefined && { component: segment('component', component) }),
    });
  });

  app.route('/v1/tickets', createTicketsRoute(gate));

  app.use('/v1/consumers/*', operatorsOnly);
  app.route('/v1/consumers', createConsumersRoute(core));

  if (metrics !== undefined) {
    app.get('/metrics', operatorsOnly, async (c) =>
      c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
    );
  }

  app.route('/', createViewerRoute());

  app.get('/healthz', (c) => c.text('alive\n'));

  app.get('/readyz', (c) => {
    if (core.draining) return c.text('draining\n', 503);
    if (core.connected === 0) return c.text('no consolidator is connected\n', 503);
    return c.text(`${core.connected} consolidator${core.connected === 1 ? '' : 's'} connected\n`);
  });

  app.notFound((c) => {
    const { pathname } = new URL(c.req.url);
    const detail = `There is nothing at ${pathname}. The viewer is at /, streams are at /v1/logs/tenant/<tenant>[/<container>] and /v1/logs/system[/<component>].`;
    return new Problem(404, 'Not found', detail).toResponse();
  });

  app.onError((error) => {
    if (error instanceof Refusal) onRefusal?.(error.reason);
    if (error instanceof Problem) return error.toResponse();
    onError(error);
    return new Problem(
      500,
      'Internal error',
      'The relay failed to answer; its own log says why.',
    ).toResponse();
  });

  return app;
}

const STREAM_HEADERS = {
  'Cache-Control': 'no-cache, no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  Vary: 'Accept, Origin',
} as const;

/** What stands between a request and its stream. */
interface Doorway {
  readonly core: RelayCore;
  readonly options: ResolvedRelayOptions;
  readonly gate: Gate;
  readonly peers: Peers;
  readonly places: Places;
}

/** Answers a request with a stream. Who may not read it learns nothing else: what is wrong with the rest comes after. */
async function open(
  c: Context<Env>,
  { core, options, gate, peers, places }: Doorway,
  stream: Stream,
): Promise<Response> {
  if (core.draining) {
    throw new Problem(
      503,
      'Draining',
      'This relay is shutting down: connect again, and another will answer.',
    );
  }
  refuseDots(c.env.incoming.url ?? '');
  const { incoming, outgoing } = c.env;
  const peer = peers.of(incoming);
  const { until, setCookie } = await gate.admit(credentialsOf(c, peer), stream);
  const said = { accept: c.req.header('Accept'), lastEventId: c.req.header('Last-Event-ID') };
  const request = parseRequest(stream, new URL(c.req.url).searchParams, said, options);
  const headers = {
    // What came before has said: leave for a page of another origin.
    ...Object.fromEntries(c.res.headers),
    ...STREAM_HEADERS,
    'Content-Type': ENCODERS[request.format].contentType,
    ...(setCookie !== undefined && { 'Set-Cookie': setCookie }),
  };
  if (c.req.method === 'HEAD') return new Response(null, { headers });
  const release = places.take(stream.class === 'tenant' ? stream.tenant : '', peer.address);
  // It went while it was being admitted: nothing would ever tell of its end.
  if (incoming.socket.destroyed || outgoing.destroyed) {
    release();
    return RESPONSE_ALREADY_SENT;
  }
  const connection = new HttpConnection(outgoing, 200, headers);
  const { consumer } = core.join(request, connection, {
    remote: peer.address,
    until,
  });
  connection.onClose(incoming.socket, () => {
    release();
    core.leave(consumer);
  });
  incoming.resume();
  return RESPONSE_ALREADY_SENT;
}

function credentialsOf(c: Context<Env>, { secure }: Peer): Credentials {
  return {
    authorization: c.req.header('Authorization'),
    ticket: c.req.query('ticket'),
    cookie: c.req.header('Cookie'),
    secure,
  };
}

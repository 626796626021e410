import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../metrics.js';
import { MetricsError } from './errors.js';

type MetricsText = Pick<Metrics, 'contentType' | 'text'>;

export interface MetricsServer {
  /** Where it really listens: `http://127.0.0.1:9090`. */
  readonly url: string;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, and `/metrics` where there are any, of a part that has no HTTP server of its own, or apart from it.
 *
 * @param option names the address, for messages
 * @throws {MetricsError} where the address cannot be used
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: MetricsText | undefined,
  option: 'http' | 'metrics' = 'http',
): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(request, response, metrics));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (cause) {
    throw new MetricsError(
      'listen',
      `Cannot serve metrics on ${host}:${port} (${(cause as Error).message}): stop what uses it, choose another with --${option}, or ${option === 'http' ? 'turn them off with --http off' : 'leave that out'}.`,
      { cause },
    );
  }
  const { address, family, port: bound } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: MetricsText | undefined,
): Promise<void> {
  const plain = 'text/plain; charset=utf-8';
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return send(405, plain, 'only GET and HEAD are answered here\n');
  }
  const [path] = (request.url ?? '').split('?');
  if (path === '/healthz') return send(200, plain, 'alive\n');
  if (path !== '/metrics' || metrics === undefined)
    return send(
      404,
      plain,
      'there is nothing but /healthz and, unless OTEL_SDK_DISABLED is true, /metrics\n',
    );
  try {
    send(200, metrics.contentType, await metrics.text());
  } catch (error) {
    send(500, plain, `metrics could not be collected: ${(error as Error).message}\n`);
  }
}

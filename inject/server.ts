import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { observeInject } from '../telemetry/index.js';
import { followCertificate, readCertificate, type CertificateFiles } from './certificate.js';
import { InjectError } from './errors.js';
import type { InjectSettings } from './options.js';
import { createRoutes, type InjectHooks, type InjectStats } from './routes.js';

/** How often the certificate's files are looked at, ms. */
const CERTIFICATE_INTERVAL_MS = 10_000;

export interface InjectServerOptions extends InjectSettings, CertificateFiles {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** @defaultValue 10,000 ms */
  readonly certificateIntervalMs?: number;
}

export interface InjectServer {
  /** Where it really listens: `https://127.0.0.1:8443`. */
  readonly url: string;
  readonly stats: Readonly<InjectStats>;
  /** Answers what has been asked, then closes. Idempotent. */
  close(): Promise<void>;
}

/** @throws {InjectError} where the certificate or the address cannot be used */
export async function startInjectServer(
  options: InjectServerOptions,
  hooks: InjectHooks & { readonly onCertificate?: () => void } = {},
): Promise<InjectServer> {
  const certificate = readCertificate(options);
  const stats = { injected: 0, left: 0, refused: 0, failed: 0 };
  const app = createRoutes(options, stats, hooks);
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: { ...certificate, minVersion: 'TLSv1.2' },
  }) as Server;
  await listen(server, options);
  const stop = followCertificate(
    options,
    certificate,
    options.certificateIntervalMs ?? CERTIFICATE_INTERVAL_MS,
    {
      change(next) {
        // Connections that are open go on with the old one.
        server.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
        hooks.onCertificate?.();
      },
      problem: (error) => hooks.onError?.(error),
    },
  );
  const stopObserving = observeInject(stats);
  const { address, family, port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    stats,
    close() {
      stop();
      closing ??= new Promise((resolve) => {
        server.close(() => {
          stopObserving();
          resolve();
        });
        server.closeIdleConnections();
      });
      return closing;
    },
  };
}

async function listen(server: Server, { host, port }: InjectServerOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (cause) {
    throw new InjectError(
      'listen',
      `Cannot listen on ${host}:${port} (${(cause as Error).message}): stop what uses it, or choose another with --listen.`,
      { cause },
    );
  }
}

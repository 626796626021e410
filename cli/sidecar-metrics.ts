import type { Log } from '../telemetry/index.js';
import { startMetrics } from './metrics.js';
import type { CommandIo } from './command.js';

/**
 * Shows the sidecar's numbers, where somebody asked for them: by `--http` or by the `OTEL_…` variables. That they cannot be
 * shown is told, and stops no application.
 *
 * @returns ends it
 */
export async function showMetrics(
  http: { readonly host: string; readonly port: number } | undefined,
  io: CommandIo,
  log: Log,
): Promise<() => Promise<void>> {
  const metrics = await startMetrics('sidecar', { scraped: http !== undefined, env: io.env, log });
  if (http === undefined) return async () => metrics?.close();
  const { serveMetrics } = await import('./metrics/server.js');
  const server = await serveMetrics(http, metrics).catch((error: unknown) => {
    log.warn(error instanceof Error ? error.message : String(error));
    return undefined;
  });
  if (server !== undefined) log.info(`metrics at ${server.url}/metrics`, { http: server.url });
  return async () => {
    await server?.close();
    await metrics?.close();
  };
}

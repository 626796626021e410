import type { Log } from '../telemetry/index.js';

/** What a command gets of the SDK. */
export interface Metrics {
  /** Media type of {@link Metrics.text}. */
  readonly contentType: string;
  /** Everything as of now, in Prometheus's text format. */
  text(): Promise<string>;
  /** Sends what OTLP has not yet, and ends. Idempotent. Comes after the parts, so that their last numbers are in it. */
  close(): Promise<void>;
}

export interface MetricsOptions {
  /** Something will ask for the text. */
  readonly scraped: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/**
 * Sets up the OpenTelemetry SDK for this process, before any part of it starts: instruments that were created earlier
 * are never read. Where nobody asks for metrics, neither by HTTP nor by an `OTEL_…` variable, the SDK is not even
 * loaded, and the answer is undefined.
 *
 * @param part `relay`, `consolidator`, `sidecar`: `service.name` is `spillway-<part>` unless the environment names it
 */
export async function startMetrics(part: string, options: MetricsOptions): Promise<Metrics | undefined> {
  const { otlpOf } = await import('./metrics/environment.js');
  if (options.env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const otlp = otlpOf(options.env, (problem) => options.log.warn(problem));
  if (!options.scraped && otlp === undefined) return undefined;
  const { startSdk } = await import('./metrics/sdk.js');
  return startSdk(part, otlp, options.log);
}

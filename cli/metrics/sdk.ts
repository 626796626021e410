import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { diag, DiagLogLevel, metrics } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type IMetricReader } from '@opentelemetry/sdk-metrics';
import { observeProcess, type Log } from '../../telemetry/index.js';
import type { Metrics } from '../metrics.js';
import type { OtlpSettings } from './environment.js';
import { PrometheusText } from './prometheus.js';

/** How long the end of a process waits for a collector to take the last metrics, ms. */
const SHUTDOWN_TIMEOUT_MS = 2_000;

const { version } = createRequire(import.meta.url)('spillway/package.json') as { version: string };

const ignore = () => {};

/** Makes the SDK this process's meter provider. */
export async function startSdk(part: string, otlp: OtlpSettings | undefined, log: Log): Promise<Metrics> {
  // What the SDK has to say, an unreachable collector above all, goes where the part's own log goes.
  const warn = (message: string) => log.warn(`OpenTelemetry: ${message}`);
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const prometheus = new PrometheusText();
  const readers: IMetricReader[] = [prometheus.reader];
  if (otlp !== undefined) readers.push(await otlpReader(otlp));
  const provider = new MeterProvider({ resource: resourceOf(part), readers });
  metrics.setGlobalMeterProvider(provider);
  const stopProcess = observeProcess();
  let closing: Promise<void> | undefined;
  return {
    contentType: prometheus.contentType,
    text: () => prometheus.text(),
    close() {
      closing ??= (async () => {
        stopProcess();
        try {
          await provider.shutdown({ timeoutMillis: SHUTDOWN_TIMEOUT_MS });
        } catch (error) {
          warn(`the last metrics could not be sent: ${(error as Error).message}`);
        }
        metrics.disable();
        diag.disable();
      })();
      return closing;
    },
  };
}

/** What the environment says comes last and wins: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`. */
function resourceOf(part: string) {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': `spillway-${part}`,
        'service.version': version,
        'service.instance.id': randomUUID(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}

async function otlpReader({ protocol, interval, timeout }: OtlpSettings): Promise<IMetricReader> {
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: interval,
    exportTimeoutMillis: timeout,
  });
}

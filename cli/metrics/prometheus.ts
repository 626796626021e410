import { diag } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/**
 * Prometheus's text format, 0.0.4, of all that is measured, for an HTTP server that is there anyway: the exporter's own
 * is never started.
 */
export class PrometheusText {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly reader = new PrometheusExporter({ preventServerStart: true });
  /** No prefix, no timestamps, no resource attributes as labels, with `target_info`, without the scope as labels. */
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true);

  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.reader.collect();
    if (errors.length > 0) diag.error('Prometheus: metrics could not be collected', ...errors);
    return this.#serializer.serialize(withUnits(resourceMetrics));
  }
}

const SUFFIXES: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/**
 * Puts units at the end of names, as Prometheus has them and OpenTelemetry has them not; the serializer leaves that
 * out. A name that holds the word already stays as it is.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
function withUnits({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(withUnit) })),
  };
}

function withUnit(metric: MetricData): MetricData {
  const { descriptor, dataPointType } = metric;
  const { name, unit } = descriptor;
  const isRatio = unit === '1' && dataPointType === DataPointType.GAUGE;
  const suffix = isRatio ? 'ratio' : SUFFIXES[unit];
  if (suffix === undefined || name.split(/[._]/).includes(suffix)) return metric;
  return { ...metric, descriptor: { ...descriptor, name: `${name}.${suffix}` } };
}

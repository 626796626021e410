import t from 'tap';
import { otlpOf, type OtlpSettings } from '../../../cli/metrics/environment.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
const DEFAULTS: OtlpSettings = { protocol: 'http/protobuf', interval: 60_000, timeout: 30_000 };

interface Case {
  readonly env: Readonly<Record<string, string>>;
  readonly settings: OtlpSettings | undefined;
  /** What must be in the one warning; none where absent. */
  readonly warning?: RegExp;
}

const CASES: Record<string, Case> = {
  'nothing is set': { env: {}, settings: undefined },
  'an endpoint is set': { env: ENDPOINT, settings: DEFAULTS },
  'an endpoint for metrics is set': {
    env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4318/v1/metrics' },
    settings: DEFAULTS,
  },
  'an empty endpoint is set, which says nothing': {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    settings: undefined,
  },
  'the exporter is named, at its default endpoint': {
    env: { OTEL_METRICS_EXPORTER: 'otlp' },
    settings: DEFAULTS,
  },
  'the exporter is one of several': {
    env: { OTEL_METRICS_EXPORTER: 'prometheus, otlp' },
    settings: DEFAULTS,
  },
  'none is asked for, whatever the endpoint': {
    env: { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none' },
    settings: undefined,
  },
  'only Prometheus is asked for': {
    env: { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'prometheus' },
    settings: undefined,
  },
  'an exporter is named that is not here': {
    env: { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'console' },
    settings: undefined,
    warning: /OTEL_METRICS_EXPORTER.*"console"/,
  },
  'JSON is asked for': {
    env: { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    settings: { ...DEFAULTS, protocol: 'http/json' },
  },
  'the protocol of metrics differs from the others': {
    env: {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    },
    settings: DEFAULTS,
  },
  'gRPC is asked for': {
    env: { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    settings: undefined,
    warning: /"grpc".*OTEL_EXPORTER_OTLP_METRICS_PROTOCOL/,
  },
  'interval and timeout are set': {
    env: { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '5000', OTEL_METRIC_EXPORT_TIMEOUT: '1000' },
    settings: { ...DEFAULTS, interval: 5_000, timeout: 1_000 },
  },
  'the interval is shorter than the timeout': {
    env: { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '5000' },
    settings: { ...DEFAULTS, interval: 5_000, timeout: 5_000 },
  },
  'the interval is no number': {
    env: { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '10s' },
    settings: DEFAULTS,
    warning: /OTEL_METRIC_EXPORT_INTERVAL.*"10s"/,
  },
  'the interval is zero': {
    env: { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '0' },
    settings: DEFAULTS,
    warning: /OTEL_METRIC_EXPORT_INTERVAL/,
  },
};

for (const [what, { env, settings, warning }] of Object.entries(CASES)) {
  void t.test(`OTLP: ${what}`, async (t) => {
    const warnings: string[] = [];
    t.strictSame(
      otlpOf(env, (problem) => warnings.push(problem)),
      settings,
    );
    t.equal(warnings.length, warning === undefined ? 0 : 1);
    if (warning !== undefined) t.match(warnings[0], warning);
  });
}

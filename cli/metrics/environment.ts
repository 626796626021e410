/** How metrics are pushed. Endpoint, headers, compression and timeout are read by the exporter itself. */
export interface OtlpSettings {
  readonly protocol: OtlpProtocol;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds, at most the interval. */
  readonly timeout: number;
}

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

export type OtlpProtocol = (typeof PROTOCOLS)[number];

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What the standard variables say about OTLP: on where `OTEL_METRICS_EXPORTER` lists `otlp`, or where it says nothing and
 * an endpoint is given. A value that cannot be used is told to `warn` and passed over, as the specification asks: a
 * variable that is meant for a whole cluster must not keep a container from starting.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function otlpOf(env: Env, warn: (problem: string) => void): OtlpSettings | undefined {
  if (!isAsked(env, warn)) return undefined;
  const protocol = protocolOf(env, warn);
  if (protocol === undefined) return undefined;
  const interval = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000, warn);
  const timeout = milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', 30_000, warn);
  return { protocol, interval, timeout: Math.min(timeout, interval) };
}

function isAsked(env: Env, warn: (problem: string) => void): boolean {
  const words = (env['OTEL_METRICS_EXPORTER'] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  for (const word of words) {
    if (!['otlp', 'prometheus', 'none'].includes(word)) {
      warn(`OTEL_METRICS_EXPORTER knows otlp, prometheus and none here, not ${JSON.stringify(word)}`);
    }
  }
  if (words.length > 0) return words.includes('otlp');
  return [env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'], env['OTEL_EXPORTER_OTLP_ENDPOINT']].some(
    (endpoint) => endpoint !== undefined && endpoint.trim() !== '',
  );
}

function protocolOf(env: Env, warn: (problem: string) => void): OtlpProtocol | undefined {
  const word =
    env['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL']?.trim() || env['OTEL_EXPORTER_OTLP_PROTOCOL']?.trim();
  if (word === undefined || word === '') return 'http/protobuf';
  const protocol = PROTOCOLS.find((known) => known === word);
  if (protocol === undefined) {
    warn(
      `No metrics are sent: OTLP goes by ${PROTOCOLS.join(' or ')} (usually to port 4318), not by ${JSON.stringify(word)}; set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL and its endpoint`,
    );
  }
  return protocol;
}

function milliseconds(env: Env, name: string, fallback: number, warn: (problem: string) => void): number {
  const word = env[name]?.trim();
  if (word === undefined || word === '') return fallback;
  const value = /^\d{1,9}$/.test(word) ? Number(word) : 0;
  if (value > 0) return value;
  warn(`${name} is a whole number of milliseconds, not ${JSON.stringify(word)}; ${fallback} is used`);
  return fallback;
}

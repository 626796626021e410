import { parseSamples } from '../../../cli/probe/exposition.js';
import type { ConsumerReading, Reading } from '../../../cli/top/poll.js';

/** A reading, with its page of metrics as text. */
export function reading(
  kind: Reading['kind'],
  url: string,
  at: number,
  page: string,
  consumers: readonly ConsumerReading[] = [],
): Reading {
  return { kind, url, at, samples: parseSamples(page), consumers, total: consumers.length };
}

export function consumer(id: string, fields: Partial<ConsumerReading> = {}): ConsumerReading {
  return {
    id,
    stream: 'tenant/acme/',
    format: 'sse',
    remote: '10.0.0.1',
    hwm: { records: 100, bytes: 1000 },
    lag: { records: 0, bytes: 0, ms: 0 },
    delivered: 0,
    dropped: 0,
    ...fields,
  };
}

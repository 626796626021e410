import { formatStream, type Stream } from '../../wire/index.js';

/** What a token lets its bearer do. */
export interface Access {
  /** Streams and beginnings of streams: `tenant/acme/`, `system/`, the empty string for all. */
  readonly logs: readonly string[];
  /** May see who reads what. */
  readonly admin: boolean;
  /** Until when, ms since the epoch. */
  readonly until: number;
}

/** The word in `scope` (RFC 9068, 2.2.3) that makes an operator. Readers of all logs are none by that. */
export const ADMIN_SCOPE = 'spillway:admin';

/** Reads the claims of a token whose signature and times are checked. What is of another type grants nothing. */
export function accessOf({ logs, scope }: Record<string, unknown>, until: number): Access {
  return {
    logs: Array.isArray(logs) ? logs.filter((prefix) => typeof prefix === 'string') : [],
    admin: typeof scope === 'string' && scope.split(' ').includes(ADMIN_SCOPE),
    until,
  };
}

/**
 * Whether one of the prefixes covers a stream, by whole segments: `tenant/acme/`, with the `/` at its end or without,
 * is `acme` and no name that begins alike. There are no patterns, no escapes and no folding of case, so a prefix
 * outside the grammar covers nothing.
 */
export function covers({ logs }: Pick<Access, 'logs'>, stream: Stream): boolean {
  const name = formatStream(stream);
  return logs.some(
    (prefix) => prefix === '' || name.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
  );
}

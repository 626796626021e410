import { UsageError } from './errors.js';

/** Reads `host:port`, `[::1]:port` or a bare port. @throws {UsageError} for anything else */
export function parseAddress(option: string, text: string): { host: string; port: number } {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new UsageError(`--${option} takes an address such as 127.0.0.1:8080, not ${JSON.stringify(text)}`);
  }
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
}

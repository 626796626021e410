import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { RelayError } from './errors.js';

/** How long a browser may remember what it was allowed, s. */
const MAX_AGE_S = 600;

/**
 * Lets pages of the listed origins read the answers, with cookies. The origin is echoed, never `*`, and a page of any
 * other origin is told nothing.
 *
 * @param origins such as `https://console.example`
 * @throws {RelayError} `endpoint` for anything that is no origin
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new RelayError(
        'endpoint',
        `--cors takes the origins of pages, such as https://console.example (no path, no /, no *), not ${JSON.stringify(origin)}.`,
      );
    }
  }
  return cors({
    origin: [...origins],
    credentials: true,
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'Last-Event-ID'],
    exposeHeaders: ['Retry-After', 'WWW-Authenticate'],
    maxAge: MAX_AGE_S,
  });
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Hono } from 'hono';
import { Problem } from './problem.js';

/** Where the build puts the viewer: beside this file. */
const DIRECTORY = new URL('viewer/', import.meta.url);

/** By path; all there is. */
const ASSETS: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/main.js': { file: 'main.js', type: 'text/javascript; charset=utf-8' },
  '/worker.js': { file: 'worker.js', type: 'text/javascript; charset=utf-8' },
  '/matcher-worker.js': { file: 'matcher-worker.js', type: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
  '/favicon.svg': { file: 'favicon.svg', type: 'image/svg+xml' },
};

/**
 * What a tenant's line could do if it ever became markup: nothing. No inline script or style, no other origin, no frame
 * around the page; and the browser refuses to make markup or script out of a string, but for the worker's address.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types spillway',
].join('; ');

const HEADERS = {
  // Asked for each time, answered with 304: a relay that was updated is seen at once.
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Vary: 'Accept-Encoding',
} as const;

interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

/** The web viewer: a few static files, which hold no data and need no authentication. */
export function createViewerRoute(directory: URL = DIRECTORY): Hono {
  const app = new Hono({ strict: false });
  const loaded = new Map<string, Promise<Asset>>();
  for (const [path, { file, type }] of Object.entries(ASSETS)) {
    app.get(path, async (c) => {
      const loading = loaded.get(file) ?? load(new URL(file, directory));
      loaded.set(file, loading);
      const { plain, packed, digest } = await loading;
      const isPacked = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
        c.req.header('Accept-Encoding') ?? '',
      );
      const etag = `"${digest}${isPacked ? '-gzip' : ''}"`;
      const headers = { ...HEADERS, ETag: etag };
      if (holds(c.req.header('If-None-Match'), etag)) return c.body(null, 304, headers);
      return c.body(isPacked ? packed : plain, 200, {
        ...headers,
        'Content-Type': type,
        ...(isPacked && { 'Content-Encoding': 'gzip' }),
      });
    });
  }
  return app;
}

/** RFC 9110, 13.1.2: compared weakly. */
function holds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((word) => ['*', etag].includes(word.trim().replace(/^W\//, '')));
}

/** Once a process: read, packed and hashed. */
async function load(url: URL): Promise<Asset> {
  const plain = await readFile(url).catch((cause: unknown) => {
    throw new Problem(
      404,
      'Not found',
      `The viewer is not built (${(cause as Error).message}): run npm run build.`,
    );
  });
  const packed = await promisify(gzip)(plain, { level: 9 });
  return {
    plain: new Uint8Array(plain),
    packed: new Uint8Array(packed),
    digest: createHash('sha256').update(plain).digest('base64url').slice(0, 22),
  };
}

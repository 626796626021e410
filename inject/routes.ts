import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { InjectError } from './errors.js';
import { inject } from './inject.js';
import type { InjectMode, InjectSettings } from './options.js';
import { answerReview, readReview } from './review.js';

/** An API server takes objects of up to 3 MiB; a review has at most two of them. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** What has been answered so far. */
export interface InjectStats {
  /** Reviews whose pod was changed. */
  injected: number;
  /** Reviews whose pod was left as it is. */
  left: number;
  /** Requests that were no reviews. */
  refused: number;
  /** Reviews that failed by a fault of ours: their pods were left as they are. */
  failed: number;
}

export interface InjectHooks {
  /** Told of each pod that is changed, or whose maker is warned. */
  readonly onAnswer?: (about: {
    readonly namespace: string;
    readonly changed: boolean;
    readonly warnings: readonly string[];
  }) => void;
  /** Told of errors that are the webhook's own fault. */
  readonly onError?: (error: Error) => void;
  /** What `GET /metrics` answers; without it there is no such address. */
  readonly metrics?: { readonly contentType: string; text(): Promise<string> };
}

/** What asks, by the path that the webhook's configuration gives it: the label of a namespace, or pods for themselves. */
const PATHS: Readonly<Record<string, InjectMode | undefined>> = {
  '/inject/wrapper': 'wrapper',
  '/inject/sidecar': 'sidecar',
  '/inject/asked': undefined,
};

export function createRoutes(settings: InjectSettings, stats: InjectStats, hooks: InjectHooks): Hono {
  const { onAnswer, onError, metrics } = hooks;
  const app = new Hono();
  app.get('/healthz', (c) => c.text('alive\n'));
  if (metrics !== undefined) {
    app.get('/metrics', async (c) =>
      c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
    );
  }

  const refuseLength = () => {
    stats.refused += 1;
    return problem(`The body is longer than ${MAX_BODY_BYTES} bytes`, 413);
  };
  for (const [path, byNamespace] of Object.entries(PATHS)) {
    app.post(path, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseLength }), async (c) => {
      const request = readReview(await c.req.json<unknown>());
      const { uid, namespace } = request;
      try {
        const answer = inject(request, byNamespace, settings);
        const changed = answer.patch.length > 0;
        stats[changed ? 'injected' : 'left'] += 1;
        if (changed || answer.warnings.length > 0)
          onAnswer?.({ namespace, changed, warnings: answer.warnings });
        return c.json(answerReview(uid, answer));
      } catch (error) {
        stats.failed += 1;
        onError?.(error as Error);
        return c.json(
          answerReview(uid, { patch: [], warnings: ['spillway: injection failed; its log says why'] }),
        );
      }
    });
  }

  app.notFound((c) => problem(c.req.path === '/' ? 'Nothing is here' : `Nothing is at ${c.req.path}`, 404));
  app.onError((error) => {
    const isTheirs = error instanceof InjectError || error instanceof SyntaxError;
    if (!isTheirs) onError?.(error);
    stats.refused += 1;
    return isTheirs ? problem(error.message, 400) : problem('It failed; its log says why', 500);
  });
  return app;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Malformed review',
  404: 'Not found',
  413: 'Review too large',
  500: 'Internal error',
};

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
function problem(detail: string, status: number): Response {
  return Response.json(
    {
      type: 'about:blank',
      title: TITLES[status],
      status,
      detail: `${detail}. Reviews are posted to ${Object.keys(PATHS).join(', ')}.`,
    },
    { status, headers: { 'Content-Type': 'application/problem+json; charset=utf-8' } },
  );
}

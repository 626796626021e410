import type { ContentfulStatusCode } from 'hono/utils/http-status';

/**
 * An error as a client sees it: problem details, with a `detail` that says what to do.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  readonly detail: string;
  /** What its response says beside that. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    title: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${title}: ${detail}`);
    this.name = 'Problem';
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.headers = { ...headers, ...PROBLEM_HEADERS };
  }

  /** The document. */
  get body(): string {
    const { title, status, detail } = this;
    return JSON.stringify({ type: 'about:blank', title, status, detail });
  }

  toResponse(): Response {
    return new Response(this.body, { status: this.status, headers: this.headers });
  }
}

const PROBLEM_HEADERS = {
  'Content-Type': 'application/problem+json; charset=utf-8',
  'Cache-Control': 'no-store',
} as const;

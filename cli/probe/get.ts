import { visible } from '../../wire/visible.js';
import { reasonOf } from './reason.js';

export interface GetOptions {
  /** Where it is a function, that may fail for a while: so does what is asked for. */
  readonly token?: string | (() => string | undefined) | undefined;
  /** ms */
  readonly timeout: number;
}

/** What came, or why nothing did. */
export type Answer =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
      /** How long it took, ms. */
      readonly took: number;
    }
  | { readonly ok: false; readonly why: string; readonly status?: number };

/** More than any page of a part; a stranger's may have no end. */
const MAX_PAGE_CHARS = 16 * 1024 * 1024;

/** Gets a page of a part. It never throws: that a part is unreachable is an answer. */
export async function get(url: string, { token, timeout }: GetOptions): Promise<Answer> {
  const before = performance.now();
  try {
    const word = typeof token === 'function' ? token() : token;
    const response = await fetch(url, {
      headers: word === undefined ? {} : { authorization: `Bearer ${word}` },
      // What is asked for is a part's own page; elsewhere the token has no business.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    const text = await textOf(response);
    const { status, headers } = response;
    const took = performance.now() - before;
    if (status >= 200 && status < 300) return { ok: true, status, headers, text, took };
    return { ok: false, why: refusalOf(status, text), status };
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    return { ok: false, why: isLate ? `no answer within ${timeout / 1000} s` : visible(reasonOf(error)) };
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_PAGE_CHARS) throw new Error('the answer has no end');
  }
  return text;
}

function refusalOf(status: number, text: string): string {
  if (status === 401) return 'it asks for a token (--token-file)';
  if (status === 403) return 'this token may not see it: it needs the admin scope';
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === 'string') return visible(detail);
  } catch {
    // No problem document: the status must do.
  }
  return `it answered ${status}`;
}

import type { Stream } from '../../wire/index.js';

const NAME = 'spillway';

/** A browser sends one for the stream and one for the tenant; more are none of ours. */
const MAX_COOKIES = 4;

/** Where a stream is served. Its segments are of the grammar, so nothing in it needs an escape. */
export function pathOf(stream: Stream): string {
  const { class: kind, ...names } = stream;
  return ['/v1/logs', kind, ...Object.values(names)].join('/');
}

/**
 * The cookie that lets a browser's own reconnects in: out of reach of scripts, sent to that stream's path alone and only
 * by pages of the same site.
 *
 * @param until ms since the epoch
 * @param secure the client came by https
 * @see https://www.rfc-editor.org/rfc/rfc6265
 */
export function passCookie(pass: string, stream: Stream, until: number, secure: boolean): string {
  const age = Math.max(0, Math.floor((until - Date.now()) / 1000));
  const cookie = `${NAME}=${pass}; Path=${pathOf(stream)}; Max-Age=${age}; HttpOnly; SameSite=Strict`;
  return secure ? `${cookie}; Secure` : cookie;
}

/** The passes in a `Cookie` header: the longest path, which is this stream's own, comes first. */
export function passesIn(header: string | undefined): string[] {
  if (header === undefined) return [];
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
    .map((pair) => pair.slice(NAME.length + 1))
    .slice(0, MAX_COOKIES);
}

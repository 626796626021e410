/** What OpenSSL finds where a record of TLS should be and something else comes, HTTP above all. */
const NO_TLS = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'];

/**
 * At the ports of mail, X11, IRC and the like it calls nobody.
 *
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
export const FORBIDDEN_PORT =
  'fetch and browsers forbid this port, which belongs to another protocol: serve at another one';

/** Why a fetch came to nothing: it says "fetch failed" and hides what happened one or two causes deep. */
export function reasonOf(error: unknown): string {
  const { cause, message, code = '' } = error as NodeJS.ErrnoException;
  if (cause !== undefined) return reasonOf(cause);
  if (NO_TLS.includes(code)) return 'what answers there speaks no TLS: should it be http://?';
  if (message === 'bad port') return FORBIDDEN_PORT;
  return message.trim() || code || String(error);
}

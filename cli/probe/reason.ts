/** What OpenSSL finds where a record of TLS should be and something else comes, HTTP above all. */
const NO_TLS = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'];

/** Why a fetch came to nothing: it says "fetch failed" and hides what happened one or two causes deep. */
export function reasonOf(error: unknown): string {
  const { cause, message, code = '' } = error as NodeJS.ErrnoException;
  if (cause !== undefined) return reasonOf(cause);
  if (NO_TLS.includes(code)) return 'what answers there speaks no TLS: should it be http://?';
  return message.trim() || code || String(error);
}

import type { Keys } from './keys.js';

/** An algorithm is offered only where the secret is as long as its hash (RFC 7518, 3.2). */
const HMAC_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** One secret, shared with the issuer. */
export function secretKey(secret: Uint8Array): Keys {
  return {
    algorithms: Object.entries(HMAC_BYTES).flatMap(([name, bytes]) => (secret.length >= bytes ? [name] : [])),
    candidates: async () => [secret],
    close: () => {},
  };
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { AuthError } from './errors.js';
import { MAX_CANDIDATES, type Keys } from './keys.js';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

const MIN_RSA_BITS = 2_048;

/**
 * The public keys in a PEM file: as many as a rotation needs, of any kind. Which algorithms count follows from the kind of
 * each key, and a key is tried only for its own.
 *
 * @param file its name, for messages
 * @throws {AuthError} where it holds none, or one that must not be used
 */
export function pemKeys(text: string, file: string): Keys {
  const keys = Array.from(text.matchAll(BLOCK), ([block, label = '']) => {
    if (label.includes('PRIVATE')) {
      throw new AuthError(
        'key',
        `${file} holds a private key, which a relay has no use for: give it the public one (openssl pkey -pubout).`,
      );
    }
    return publicKey(block, file);
  });
  if (keys.length === 0 || keys.length > MAX_CANDIDATES) {
    throw new AuthError(
      'key',
      `${file} holds ${keys.length} public keys in PEM, and 1 to ${MAX_CANDIDATES} are expected: is it the right file?`,
    );
  }
  return {
    algorithms: [...new Set(keys.flatMap(({ algorithms }) => algorithms))],
    candidates: async ({ alg }) =>
      keys.filter(({ algorithms }) => algorithms.includes(alg)).map(({ key }) => key),
    close: () => {},
  };
}

function publicKey(block: string, file: string): { key: KeyObject; algorithms: readonly string[] } {
  let key: KeyObject;
  try {
    key = createPublicKey(block);
  } catch (cause) {
    throw new AuthError('key', `${file} holds a key that cannot be read (${(cause as Error).message}).`, {
      cause,
    });
  }
  const algorithms = algorithmsOf(key);
  if (algorithms.length === 0) {
    throw new AuthError(
      'key',
      `${file} holds a key of a kind that tokens are not checked with: use RSA of ${MIN_RSA_BITS} bits or more, P-256, P-384, P-521 or Ed25519.`,
    );
  }
  return { key, algorithms };
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  if (asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS)
    return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  if (asymmetricKeyType === 'ec' && curve !== undefined) return [curve];
  return asymmetricKeyType === 'ed25519' ? ['EdDSA', 'Ed25519'] : [];
}

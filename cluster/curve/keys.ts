import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ClusterError } from '../errors.js';
import { decodeZ85, encodeZ85 } from './z85.js';

/** A CURVE key pair (Curve25519), each half 32 bytes in Z85: 40 characters. */
export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

const KEY_CHARACTERS = 40;

/** Whether `text` is a key as ZeroMQ writes it. */
export function isCurveKey(text: string): boolean {
  return text.length === KEY_CHARACTERS && decodeZ85(text) !== undefined;
}

/**
 * A new pair. Its public key begins with a letter or a digit, so that it is never taken for an option, a path or a
 * comment: half a bit of 255.
 */
export function generateKeyPair(): CurveKeyPair {
  for (;;) {
    const { privateKey } = generateKeyPairSync('x25519');
    const pair = { publicKey: publicOf(privateKey), secretKey: rawOf(privateKey, 'd') };
    if (/^[0-9A-Za-z]/.test(pair.publicKey)) return pair;
  }
}

/** What RFC 8410 puts before the 32 bytes of an X25519 private key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The pair that a secret key is of. @throws {ClusterError} `key` where it is none */
export function keyPairOf(secretKey: string): CurveKeyPair {
  const secret = isCurveKey(secretKey) ? decodeZ85(secretKey) : undefined;
  if (secret === undefined)
    throw new ClusterError('key', 'A CURVE key has 40 characters of Z85: make one with spillway keygen.');
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: 'der', type: 'pkcs8' });
  return { publicKey: publicOf(key), secretKey };
}

function publicOf(key: KeyObject): string {
  return rawOf(createPublicKey(key), 'x');
}

function rawOf(key: KeyObject, part: 'd' | 'x'): string {
  return encodeZ85(Buffer.from(key.export({ format: 'jwk' })[part] as string, 'base64url'));
}

import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { accessOf, type Access } from './access.js';
import type { Key, Keys } from './keys.js';
import { unauthenticated } from './refusals.js';
import type { Refusal } from '../refusal.js';

export interface TokenSettings {
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** How far the issuer's clock may be from this one, ms. */
  readonly leeway: number;
}

/** The last moment that a Date can hold, ms since the epoch: `exp` may be any number (ECMA-262, 21.4.1.1). */
const LAST_DATE_MS = 8.64e15;

/**
 * Checks bearer tokens: JSON Web Tokens that are signed with an algorithm of the key's kind, issued by and for whom they
 * should be, and of the present. `exp` is required, since a stream lives as long as its token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 (best current practices)
 */
export class Tokens {
  readonly #keys: Keys;
  readonly #options: JWTVerifyOptions;
  readonly #leeway: number;

  constructor(keys: Keys, { issuer, audience, leeway }: TokenSettings) {
    this.#keys = keys;
    this.#leeway = leeway;
    this.#options = {
      clockTolerance: leeway / 1000,
      requiredClaims: ['exp'],
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
  }

  /** @throws {Refusal} 401 where the token does not count, 503 where the keys cannot be had */
  async check(token: string): Promise<Access> {
    let header;
    try {
      header = decodeProtectedHeader(token);
    } catch {
      throw unknownToken();
    }
    if (header.alg === undefined || !this.#keys.algorithms.includes(header.alg)) throw unknownToken();
    const keys = await this.#keys.candidates({ ...header, alg: header.alg });
    const { exp = 0, iat = 0, ...claims } = await this.#verify(token, keys);
    if (iat * 1000 > Date.now() + this.#leeway) throw tooEarly();
    return accessOf(claims, Math.min(exp * 1000 + this.#leeway, LAST_DATE_MS));
  }

  async #verify(token: string, keys: readonly Key[]): Promise<JWTPayload> {
    // Of the keys as they are now: a file of them may have been read again.
    const options = { ...this.#options, algorithms: [...this.#keys.algorithms] };
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (error) {
        // Another key may have signed it; what the claims of a token with a good signature say is final.
        if (error instanceof errors.JWTExpired) throw expired();
        if (error instanceof errors.JWTClaimValidationFailed) throw refusalOf(error);
      }
    }
    throw unknownToken();
  }
}

function refusalOf({ claim, reason }: errors.JWTClaimValidationFailed): Refusal {
  if (reason === 'missing' && claim === 'exp')
    return bad('The token never expires: this relay takes only tokens with a claim exp.');
  if (claim === 'nbf') return tooEarly();
  if (claim === 'iss') return bad('The token is of another issuer than this relay trusts.');
  if (claim === 'aud') return bad('The token was issued for another audience than this relay.');
  return unknownToken();
}

const bad = (detail: string) => unauthenticated(detail, 'invalid_token');

const unknownToken = () => bad('The token was not signed with a key that this relay trusts.');
const expired = () => bad('The token has expired: get a new one.');
const tooEarly = () => bad('The token is of the future: compare the clocks of its issuer and this relay.');

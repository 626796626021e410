import type { CryptoKey, JWTHeaderParameters, KeyObject } from 'jose';

/** What tokens are checked with. */
export interface Keys {
  /** The algorithms that fit the kind of key. A token does not choose: `none`, and HMAC by a public key, are no choice. */
  readonly algorithms: readonly string[];
  /**
   * The keys that may have signed a token with that header, likely one first; none where there is no such key.
   *
   * @throws {Refusal} where the keys cannot be had at this time
   */
  candidates(header: JWTHeaderParameters): Promise<readonly Key[]>;
  close(): void;
}

export type Key = CryptoKey | KeyObject | Uint8Array;

/** More candidates than a rotation needs: a token does not make a relay check a hundred signatures. */
export const MAX_CANDIDATES = 4;

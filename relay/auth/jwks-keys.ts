import { createRemoteJWKSet, errors, type JWTHeaderParameters } from 'jose';
import { MAX_CANDIDATES, type Key, type Keys } from './keys.js';
import { keysMissing } from './refusals.js';

export interface JwksSettings {
  /** The document is fetched anew so often, ms. */
  readonly refresh: number;
  /** Between two fetches that tokens cause, at least, ms. */
  readonly cooldown: number;
}

export interface KeysHooks {
  /** The issuer's keys could not be fetched; those that were known go on counting. Told once an outage. */
  readonly onKeysProblem?: (error: Error) => void;
  readonly onKeysRecovered?: () => void;
}

/** A JWKS holds public keys only; what it says of their use and algorithm is heeded by jose. */
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const FETCH_TIMEOUT_MS = 5_000;

/**
 * The issuer's keys by their address. They are fetched at once, then every `refresh` ms, so that one that was taken
 * back stops counting; and when a token names a key that is not among them, so that a new one counts at once, but no
 * more than once a `cooldown`, whatever is sent here. An outage of the issuer changes nothing: the last known stay.
 */
export class JwksKeys implements Keys {
  readonly algorithms = ASYMMETRIC;
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  readonly #cooldown: number;
  readonly #hooks: KeysHooks;
  readonly #timer: NodeJS.Timeout;
  #loaded = false;
  #failing = false;
  #attemptedAt = Number.NEGATIVE_INFINITY;
  #attempt: Promise<void> | undefined;

  constructor(url: URL, { refresh, cooldown }: JwksSettings, hooks: KeysHooks = {}) {
    // It is never to fetch by itself, apart from the first time.
    const forever = { cacheMaxAge: Number.POSITIVE_INFINITY, cooldownDuration: Number.POSITIVE_INFINITY };
    this.#remote = createRemoteJWKSet(url, { ...forever, timeoutDuration: FETCH_TIMEOUT_MS });
    this.#cooldown = cooldown;
    this.#hooks = hooks;
    this.#timer = setInterval(() => void this.#load(), refresh).unref();
    void this.#load();
  }

  async candidates(header: JWTHeaderParameters): Promise<readonly Key[]> {
    if (!this.#loaded) await this.#loadIfDue();
    if (!this.#loaded) throw keysMissing();
    const keys = await this.#find(header);
    if (keys.length > 0) return keys;
    await this.#loadIfDue();
    const found = await this.#find(header);
    // The key may be in what cannot be fetched: that is no reason to call its token bad.
    if (found.length === 0 && this.#failing) throw keysMissing();
    return found;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #find(header: JWTHeaderParameters): Promise<readonly Key[]> {
    try {
      return [await this.#remote(header)];
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return [];
      const keys: Key[] = [];
      for await (const key of error) {
        if (keys.push(key) === MAX_CANDIDATES) break;
      }
      return keys;
    }
  }

  async #loadIfDue(): Promise<void> {
    if (this.#attempt !== undefined) return this.#attempt;
    if (performance.now() - this.#attemptedAt >= this.#cooldown) await this.#load();
  }

  /** Never throws; what went wrong is told. */
  #load(): Promise<void> {
    this.#attempt ??= this.#fetch().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #fetch(): Promise<void> {
    this.#attemptedAt = performance.now();
    try {
      await this.#remote.reload();
      this.#loaded = true;
      if (this.#failing) this.#hooks.onKeysRecovered?.();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#hooks.onKeysProblem?.(error as Error);
      this.#failing = true;
    }
  }
}

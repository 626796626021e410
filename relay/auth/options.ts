import { AuthError } from './errors.js';

/** Whom a relay lets in. Without one of the three kinds of keys it asks nobody who they are. */
export interface AuthOptions {
  /** Where the public keys of the issuer are: a JWKS document by http or https. */
  readonly jwks?: string | undefined;
  /** A file with the issuer's public keys or certificates, PEM. */
  readonly jwtKeyFile?: string | undefined;
  /** A file with the secret that the issuer signs with (HMAC). */
  readonly jwtSecretFile?: string | undefined;
  /** What `iss` must be. */
  readonly jwtIssuer?: string | undefined;
  /** What `aud` must hold. */
  readonly jwtAudience?: string | undefined;
  /** How far the issuer's clock may be from this one, ms. */
  readonly jwtLeeway?: number;
  /** The JWKS document is fetched anew so often, ms. */
  readonly jwksRefresh?: number;
  /** A key that the document did not hold is looked for in it again at most so often, ms. */
  readonly jwksCooldown?: number;
  /** A file with the secret that tickets are signed with: the same for all relays. */
  readonly ticketSecretFile?: string | undefined;
  /** A ticket opens a stream for so long, ms. */
  readonly ticketTtl?: number;
}

export const DEFAULT_JWT_LEEWAY_MS = 5_000;
export const DEFAULT_JWKS_REFRESH_MS = 300_000;
export const DEFAULT_JWKS_COOLDOWN_MS = 10_000;
export const DEFAULT_TICKET_TTL_MS = 60_000;

export type ResolvedAuthOptions = Required<AuthOptions>;

export function resolveAuthOptions(options: AuthOptions): ResolvedAuthOptions {
  return {
    jwks: options.jwks,
    jwtKeyFile: options.jwtKeyFile,
    jwtSecretFile: options.jwtSecretFile,
    jwtIssuer: options.jwtIssuer,
    jwtAudience: options.jwtAudience,
    jwtLeeway: options.jwtLeeway ?? DEFAULT_JWT_LEEWAY_MS,
    jwksRefresh: options.jwksRefresh ?? DEFAULT_JWKS_REFRESH_MS,
    jwksCooldown: options.jwksCooldown ?? DEFAULT_JWKS_COOLDOWN_MS,
    ticketSecretFile: options.ticketSecretFile,
    ticketTtl: options.ticketTtl ?? DEFAULT_TICKET_TTL_MS,
  };
}

/**
 * Whether there is anything to check tokens with.
 *
 * @throws {AuthError} `options` where there is more than one kind of key, or something is to be checked and no key
 */
export function asksForTokens(options: AuthOptions): boolean {
  const kinds = [options.jwks, options.jwtKeyFile, options.jwtSecretFile].filter(
    (kind) => kind !== undefined,
  );
  if (kinds.length > 1) {
    throw new AuthError(
      'options',
      'Tokens are checked with one kind of key: give one of --jwks, --jwt-key-file and --jwt-secret-file.',
    );
  }
  const others = [options.jwtIssuer, options.jwtAudience, options.ticketSecretFile];
  if (kinds.length === 0 && others.some((other) => other !== undefined)) {
    throw new AuthError(
      'options',
      'There is something to expect of tokens and no key to check them with: add --jwks, --jwt-key-file or --jwt-secret-file.',
    );
  }
  return kinds.length === 1;
}

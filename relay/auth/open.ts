import { AuthError } from './errors.js';
import { OPEN_GATE, TokenGate, type Gate } from './gate.js';
import { JwksKeys, type KeysHooks } from './jwks-keys.js';
import type { Keys } from './keys.js';
import { asksForTokens, type ResolvedAuthOptions } from './options.js';
import { pemKeys } from './pem-keys.js';
import { readKeyFile, readSecretFile } from './secret-file.js';
import { secretKey } from './secret-key.js';
import { ownSecret, Tickets } from './tickets.js';
import { Tokens } from './tokens.js';
import { WatchedKeys } from './watched-keys.js';

export interface GateHooks extends KeysHooks {
  /** Tickets are signed with a secret that no other relay has. */
  readonly onOwnTickets?: () => void;
}

/**
 * The gate that the options describe: an open one where they name no key.
 *
 * Tickets are signed with the secret of their own file; without one, with what is derived from the issuer's secret,
 * which all relays have; with public keys only, with one that is made up at the start.
 *
 * @throws {AuthError}
 */
export async function openGate(options: ResolvedAuthOptions, hooks: GateHooks = {}): Promise<Gate> {
  if (!asksForTokens(options)) return OPEN_GATE;
  const { jwtSecretFile, ticketSecretFile } = options;
  const secret =
    jwtSecretFile === undefined ? undefined : await readSecretFile('jwt-secret-file', jwtSecretFile);
  const shared =
    ticketSecretFile === undefined ? secret : await readSecretFile('ticket-secret-file', ticketSecretFile);
  if (shared === undefined) hooks.onOwnTickets?.();
  const keys = secret === undefined ? await publicKeys(options, hooks) : secretKey(secret);
  const { jwtIssuer: issuer, jwtAudience: audience, jwtLeeway: leeway, ticketTtl } = options;
  const tokens = new Tokens(keys, { issuer, audience, leeway });
  return new TokenGate(tokens, new Tickets(shared ?? ownSecret(), ticketTtl), () => keys.close());
}

async function publicKeys(options: ResolvedAuthOptions, hooks: KeysHooks): Promise<Keys> {
  const { jwks, jwtKeyFile, jwksRefresh: refresh, jwksCooldown: cooldown } = options;
  if (jwtKeyFile !== undefined) {
    const parse = (text: string) => pemKeys(text, jwtKeyFile);
    const keys = parse((await readKeyFile('jwt-key-file', jwtKeyFile)).toString('latin1'));
    return new WatchedKeys(keys, jwtKeyFile, parse, hooks);
  }
  const url = URL.canParse(jwks ?? '') ? new URL(jwks as string) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AuthError(
      'options',
      `--jwks takes an address such as https://issuer.example/.well-known/jwks.json, not ${JSON.stringify(jwks)}.`,
    );
  }
  return new JwksKeys(url, { refresh, cooldown }, hooks);
}

import { hkdfSync, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { formatStream, type Stream } from '../../wire/index.js';

/** What a ticket or a pass opens: one stream, as long as the token lived that it was made from. */
export interface Grant {
  readonly stream: string;
  /** The end of that token, ms since the epoch. */
  readonly until: number;
}

/**
 * `ticket`: stands in an URL, so it opens a stream for a minute only. `pass`: stands in the cookie that a ticket was
 * exchanged for.
 */
type Kind = 'ticket' | 'pass';

/**
 * Signs and checks what opens a stream in a token's place, for EventSource, which cannot send one. Each is bound to one
 * stream and to the end of the token behind it, and says so itself: any relay with the same secret can check it, and
 * none keeps anything. Nothing else can be done with it, above all not get another one.
 *
 * The two kinds have keys of their own, derived from the secret, so one is never taken for the other, nor for a token
 * where the secret is the issuer's.
 */
export class Tickets {
  readonly #keys: Readonly<Record<Kind, Uint8Array>>;
  readonly #ttl: number;

  /**
   * @param secret shared by all relays
   * @param ttl how long a ticket opens a stream, ms
   */
  constructor(secret: Uint8Array, ttl: number) {
    this.#keys = { ticket: derive(secret, 'ticket'), pass: derive(secret, 'pass') };
    this.#ttl = ttl;
  }

  /** A ticket, and until when it can be used: ms since the epoch. */
  async mint(stream: Stream, until: number): Promise<{ ticket: string; expires: number }> {
    const expires = Math.min(Date.now() + this.#ttl, until);
    return { ticket: await this.#sign('ticket', { stream: formatStream(stream), until }, expires), expires };
  }

  pass(grant: Grant): Promise<string> {
    return this.#sign('pass', grant, grant.until);
  }

  /** What it opens; undefined where it is none of ours, has been tampered with or is too old. */
  async check(kind: Kind, text: string): Promise<Grant | undefined> {
    try {
      const { payload } = await jwtVerify(text, this.#keys[kind], { algorithms: [ALGORITHM] });
      const { stream, until, expires } = payload as unknown as Grant & { expires: number };
      return Date.now() < expires ? { stream, until } : undefined;
    } catch {
      return undefined;
    }
  }

  #sign(kind: Kind, grant: Grant, expires: number): Promise<string> {
    const { stream, until } = grant;
    return new SignJWT({ stream, until, expires })
      .setProtectedHeader({ alg: ALGORITHM })
      .sign(this.#keys[kind]);
  }
}

const ALGORITHM = 'HS256';

/** A relay that shares no secret with others makes up its own: its tickets are good for itself. */
export function ownSecret(): Uint8Array {
  return randomBytes(32);
}

function derive(secret: Uint8Array, kind: Kind): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `spillway ${kind} 1`, 32));
}

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { Relay } from '../../relay/index.js';
import { ask, type Answer } from './relay-http.js';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

export const nowInSeconds = () => Math.floor(Date.now() / 1000);

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export async function makeKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}

/** A token of an hour for all of `acme`, unless the claims say otherwise; `undefined` takes one away. */
export function sign({ kid, alg, privateKey }: SigningKey, claims: JWTPayload = {}): Promise<string> {
  const all = { logs: ['tenant/acme/'], exp: nowInSeconds() + 3_600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(privateKey);
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** An issuer of tokens whose keys are served over HTTP, as an identity provider does. */
export class Issuer {
  readonly key: SigningKey;
  /** What it publishes: change it to rotate. */
  keys: JWK[] = [];
  /** Answers 503 while set. */
  down = false;
  /** Answers when this resolves. */
  held: Promise<void> | undefined;
  /** Times that it was asked. */
  asked = 0;
  readonly #server: Server;

  private constructor(key: SigningKey) {
    this.key = key;
    this.#server = createServer((_, response) => void this.#answer(response));
  }

  async #answer(response: ServerResponse): Promise<void> {
    this.asked += 1;
    await this.held;
    response.statusCode = this.down ? 503 : 200;
    response.end(JSON.stringify({ keys: this.keys }));
  }

  static async start(t: Test, alg = 'ES256'): Promise<Issuer> {
    const issuer = new Issuer(await makeKey('one', alg));
    await issuer.publish(issuer.key);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    t.teardown(() => {
      issuer.#server.close();
      issuer.#server.closeAllConnections();
    });
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  /** Publishes these keys and no others. */
  async publish(...keys: readonly SigningKey[]): Promise<void> {
    this.keys = await Promise.all(
      keys.map(async ({ kid, alg, publicKey }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        alg,
        use: 'sig',
      })),
    );
  }

  token(claims: JWTPayload = {}): Promise<string> {
    return sign(this.key, claims);
  }
}

/** Asks for a ticket. */
export async function askForTicket(
  relay: Pick<Relay, 'url'>,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${relay.url}/v1/tickets`, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

export interface TicketAnswer {
  readonly ticket: string;
  readonly url: string;
  readonly expires: string;
  readonly until: string;
  readonly stream: string;
}

/** A ticket for a stream, which the token must cover. */
export async function ticketFor(
  relay: Pick<Relay, 'url'>,
  token: string,
  stream: string,
): Promise<TicketAnswer> {
  const { status, text } = await askForTicket(relay, bearer(token), JSON.stringify({ stream }));
  if (status !== 201) throw new Error(`${status}: ${text}`);
  return JSON.parse(text) as TicketAnswer;
}

/** Whether a stream opens: its head only. */
export function head(relay: Relay, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(relay, path, { method: 'HEAD', headers });
}

/** The `name=value` of the cookie that an answer sets. */
export function cookieOf({ headers }: Pick<Answer, 'headers'>): string {
  const [cookie = ''] = headers['set-cookie'] ?? [];
  return cookie.split(';', 1)[0] ?? '';
}

import { formatStream, type Stream } from '../../wire/index.js';
import { ADMIN_SCOPE, covers, type Access } from './access.js';
import { passCookie, passesIn } from './cookie.js';
import { forbidden, forbiddenToReaders, unauthenticated } from './refusals.js';
import type { Grant, Tickets } from './tickets.js';
import type { Tokens } from './tokens.js';

/** What a request shows of who sends it. */
export interface Credentials {
  /** The header. */
  readonly authorization?: string | undefined;
  /** `?ticket=` */
  readonly ticket?: string | undefined;
  /** The header. */
  readonly cookie?: string | undefined;
  /** It came by https. */
  readonly secure?: boolean;
}

/** Leave to read a stream. */
export interface Admission {
  /** The stream ends then: ms since the epoch. */
  readonly until: number;
  /** A header for the answer. */
  readonly setCookie?: string;
}

/** Who may do what. Each question is answered, or a {@link Refusal} thrown. */
export interface Gate {
  /** Whether there is anything to show at all. */
  readonly closed: boolean;
  admit(credentials: Credentials, stream: Stream): Promise<Admission>;
  /** May see who reads what, and the metrics. */
  admitOperator(credentials: Credentials): Promise<void>;
  /** A ticket for a stream that the token covers. */
  mint(credentials: Credentials, stream: Stream): Promise<{ ticket: string; expires: number; until: number }>;
  close(): void;
}

/** Everybody may do everything: a relay on loopback, or one that was told so. */
export const OPEN_GATE: Gate = {
  closed: false,
  admit: async () => ({ until: Number.POSITIVE_INFINITY }),
  admitOperator: async () => {},
  mint: () => Promise.reject(new Error('an open gate has no tickets')),
  close: () => {},
};

/** Asks for a token; for a stream, a ticket or the cookie that it was exchanged for will do. */
export class TokenGate implements Gate {
  readonly closed = true;
  readonly #tokens: Tokens;
  readonly #tickets: Tickets;
  readonly #close: () => void;

  constructor(tokens: Tokens, tickets: Tickets, close: () => void = () => {}) {
    this.#tokens = tokens;
    this.#tickets = tickets;
    this.#close = close;
  }

  async admit(credentials: Credentials, stream: Stream): Promise<Admission> {
    const { authorization, ticket, cookie, secure = false } = credentials;
    if (authorization !== undefined) {
      const access = await this.#bearer(credentials);
      if (!covers(access, stream)) throw forbidden();
      return { until: access.until };
    }
    const grant = ticket === undefined ? undefined : await this.#tickets.check('ticket', ticket);
    if (grant !== undefined && opens(grant, stream)) {
      const pass = await this.#tickets.pass(grant);
      return { until: grant.until, setCookie: passCookie(pass, stream, grant.until, secure) };
    }
    for (const text of passesIn(cookie)) {
      const pass = await this.#tickets.check('pass', text);
      if (pass !== undefined && opens(pass, stream)) return { until: pass.until };
    }
    if (grant !== undefined) throw forbidden();
    throw unauthenticated(ticket === undefined ? ASK_FOR_TOKEN : TICKET_OVER);
  }

  async admitOperator(credentials: Credentials): Promise<void> {
    const { admin } = await this.#bearer(credentials);
    if (!admin) throw forbiddenToReaders(ADMIN_SCOPE);
  }

  async mint(credentials: Credentials, stream: Stream) {
    const access = await this.#bearer(credentials);
    if (!covers(access, stream)) throw forbidden();
    return { ...(await this.#tickets.mint(stream, access.until)), until: access.until };
  }

  close(): void {
    this.#close();
  }

  async #bearer({ authorization }: Credentials): Promise<Access> {
    const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthenticated(ASK_FOR_TOKEN);
    return this.#tokens.check(token);
  }
}

const ASK_FOR_TOKEN = 'This relay asks for a token: send Authorization: Bearer and the token.';
const TICKET_OVER =
  'The ticket is over or is none of this relay: get another from POST /v1/tickets with a token.';

function opens(grant: Grant, stream: Stream): boolean {
  return grant.stream === formatStream(stream);
}

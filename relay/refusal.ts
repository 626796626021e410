import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Problem } from './problem.js';

/** Why a request was turned away, in the few words that metrics know. */
export const REFUSAL_REASONS = [
  'credentials',
  'scope',
  'keys',
  'relay-full',
  'tenant-full',
  'address-full',
  'too-large',
  'too-slow',
  'malformed',
  'host',
  'connections',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A {@link Problem} that is counted. */
export class Refusal extends Problem {
  readonly reason: RefusalReason;

  constructor(
    reason: RefusalReason,
    status: ContentfulStatusCode,
    title: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, title, detail, headers);
    this.name = 'Refusal';
    this.reason = reason;
  }
}

/** How many requests were turned away, and why. */
export class Refusals {
  readonly #counts = new Map<RefusalReason, number>(REFUSAL_REASONS.map((reason) => [reason, 0]));

  readonly count = (reason: RefusalReason): void => {
    this.#counts.set(reason, (this.#counts.get(reason) as number) + 1);
  };

  [Symbol.iterator](): Iterator<readonly [RefusalReason, number]> {
    return this.#counts[Symbol.iterator]();
  }
}

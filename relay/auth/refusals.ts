import { Refusal } from '../refusal.js';

/** No credentials, or none that count: what the client needs is a token (RFC 6750, 3). */
export function unauthenticated(detail: string, error?: 'invalid_token'): Refusal {
  const challenge = error === undefined ? '' : `, error="${error}", error_description="${detail}"`;
  return new Refusal('credentials', 401, 'Unauthorized', detail, {
    'WWW-Authenticate': `Bearer realm="spillway"${challenge}`,
  });
}

/** One answer for every stream that is not the bearer's, so that it says nothing about which there are. */
export function forbidden(): Refusal {
  return new Refusal(
    'scope',
    403,
    'Forbidden',
    'What you showed does not open this: it takes a token whose claim "logs" lists the stream or a beginning of it.',
  );
}

export function forbiddenToReaders(scope: string): Refusal {
  return new Refusal(
    'scope',
    403,
    'Forbidden',
    `This is for operators: it takes a token whose "scope" holds ${scope}.`,
  );
}

/** The issuer's keys cannot be had: nobody can say whether the token is good. */
export function keysMissing(): Refusal {
  return new Refusal(
    'keys',
    503,
    'Keys unavailable',
    'The keys that tokens are checked with cannot be fetched: try again in a moment.',
    { 'Retry-After': '5' },
  );
}

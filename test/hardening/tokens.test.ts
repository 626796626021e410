import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportSPKI, type JWTPayload } from 'jose';
import t, { type Test } from 'tap';
import { bearer, head, Issuer, makeKey, nowInSeconds, sign } from '../support/issuer.js';
import { ask, startPair } from '../support/relay-http.js';

const PATH = '/v1/logs/tenant/acme/web-1';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'spillway';
const TRUSTED = { iss: ISSUER, aud: AUDIENCE };

async function guarded(t: Test, alg = 'RS256') {
  const issuer = await Issuer.start(t, alg);
  const { relay } = await startPair(t, {
    jwks: issuer.url,
    jwtIssuer: ISSUER,
    jwtAudience: AUDIENCE,
    jwtLeeway: 0,
  });
  const status = async (token: string, path = PATH) => (await head(relay, path, bearer(token))).status;
  return { issuer, relay, status };
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with whatever header, signed by HMAC with whatever key, or by nothing. */
function forged(header: object, claims: JWTPayload, key?: string | Buffer): string {
  const text = `${base64(header)}.${base64(claims)}`;
  const signature = key === undefined ? '' : createHmac('sha256', key).update(text).digest('base64url');
  return `${text}.${signature}`;
}

const CLAIMS = { ...TRUSTED, logs: [''], scope: 'spillway:admin', exp: nowInSeconds() + 3_600 };

void t.test('threat: a token says of itself that it needs no signature', async (t) => {
  const { issuer, relay, status } = await guarded(t);
  t.equal(await status(await issuer.token(TRUSTED)), 200, 'a good one opens');
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, 0, ['RS256'], { a: 1 }]) {
    for (const kid of ['one', undefined]) {
      const token = forged({ alg, kid, typ: 'JWT' }, CLAIMS);
      t.equal(await status(token), 401, `alg ${JSON.stringify(alg)}`);
      t.equal(await status(token.slice(0, -1)), 401, 'without even the dot');
    }
  }
  t.equal(relay.core.size, 0);
});

void t.test("threat: the issuer's public key is used as a secret", async (t) => {
  const { issuer, status } = await guarded(t);
  const pem = await exportSPKI(issuer.key.publicKey);
  const [jwk] = issuer.keys;
  const secrets = [
    pem,
    pem.trim(),
    `${pem}\n`,
    JSON.stringify(jwk),
    jwk?.n ?? '',
    Buffer.from(jwk?.n ?? '', 'base64url'),
  ];
  for (const secret of secrets) {
    t.equal(await status(forged({ alg: 'HS256', kid: 'one' }, CLAIMS, secret)), 401);
    t.equal(await status(forged({ alg: 'RS256', kid: 'one' }, CLAIMS, secret)), 401);
  }

  const file = join(t.testdir(), 'key.pem');
  await writeFile(file, pem);
  const { relay } = await startPair(t, { jwtKeyFile: file });
  t.equal((await head(relay, PATH, bearer(await issuer.token()))).status, 200, 'the same key as a PEM');
  for (const secret of secrets) {
    const token = forged({ alg: 'HS256' }, CLAIMS, secret);
    t.equal((await head(relay, PATH, bearer(token))).status, 401);
  }
});

void t.test('threat: a token brings its own key along', async (t) => {
  const { issuer, status } = await guarded(t, 'ES256');
  const own = await makeKey('own');
  const thief = await Issuer.start(t);
  await thief.publish(own);
  const { SignJWT } = await import('jose');
  const [jwk] = thief.keys;
  for (const header of [
    { kid: 'own' },
    { kid: 'one' },
    { kid: 'own', jwk },
    { kid: 'one', jwk },
    { kid: 'own', jku: thief.url },
    { kid: thief.url },
    { kid: '../../../../dev/null' },
    { kid: 'one', x5u: thief.url },
    { kid: 'one', crit: ['spillway'], spillway: true },
  ]) {
    const token = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256', ...(header as object) })
      .sign(own.privateKey, { crit: { spillway: true } });
    t.equal(await status(token), 401, JSON.stringify(Object.keys(header)));
  }
  t.equal(thief.asked, 0, 'nobody is asked for keys but the issuer');
  t.equal(await status(await sign(own, TRUSTED)), 401);
  t.equal(await status(await issuer.token(TRUSTED)), 200);
});

void t.test('threat: a token of another time, issuer or audience', async (t) => {
  const { issuer, relay, status } = await guarded(t);
  const now = nowInSeconds();
  for (const [claims, word] of [
    [{ exp: now - 1 }, /has expired/],
    [{ exp: 0 }, /has expired/],
    [{ exp: undefined }, /never expires/],
    [{ nbf: now + 60 }, /of the future/],
    [{ iat: now + 60 }, /of the future/],
    [{ iss: 'https://other.example' }, /another issuer/],
    [{ iss: `${ISSUER}/` }, /another issuer/],
    [{ iss: undefined }, /another issuer/],
    [{ aud: 'other' }, /another audience/],
    [{ aud: [] }, /another audience/],
    [{ aud: undefined }, /another audience/],
    [{ exp: 'tomorrow' as unknown as number }, /./],
    [{ nbf: 'today' as unknown as number }, /./],
    [{ iat: 'now' as unknown as number }, /./],
    [{ exp: now + 60, nbf: now - 60, iat: now - 60, aud: ['other', AUDIENCE] }, undefined],
  ] as const) {
    const token = await issuer.token({ ...TRUSTED, ...(claims as JWTPayload) });
    const wanted = word === undefined ? 200 : 401;
    t.equal(await status(token), wanted, JSON.stringify(claims));
    if (word === undefined) continue;
    const { text, headers } = await ask(relay, PATH, { headers: bearer(token) });
    t.match(JSON.parse(text), { status: 401, detail: word });
    t.match(headers, {
      'www-authenticate': /^Bearer realm="spillway", error="invalid_token", error_description="[^"]+"$/,
    });
  }
});

void t.test('threat: a signature that was bent', async (t) => {
  const { issuer, status } = await guarded(t, 'ES256');
  const token = await issuer.token(TRUSTED);
  const [header = '', claims = '', signature = ''] = token.split('.');
  const other = (await issuer.token({ ...TRUSTED, logs: [''] })).split('.');
  const zero = Buffer.alloc(64).toString('base64url');
  for (const [what, bent] of Object.entries({
    'other claims': [header, other[1], signature],
    'no signature': [header, claims, ''],
    'a signature of zeros': [header, claims, zero],
    'half a signature': [header, claims, signature.slice(0, 43)],
    'a signature twice': [header, claims, signature + signature],
    'four parts': [header, claims, signature, signature],
    'five parts': [header, claims, signature, signature, signature],
    'no claims': [header, '', signature],
  })) {
    t.equal(await status(bent.join('.')), 401, what);
  }
  t.equal(await status(token), 200);
});

void t.test('threat: a token stands where none belongs, or in another form', async (t) => {
  const { issuer, relay } = await guarded(t);
  const token = await issuer.token(TRUSTED);
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    token,
    `Basic ${token}`,
    `Bearer ${token} ${token}`,
    `Bearer ${token},`,
    `Bearer "${token}"`,
    `Bearer\t${token}`,
    `Bearer ${token}; x`,
  ]) {
    t.equal(
      (await head(relay, PATH, { Authorization: authorization })).status,
      401,
      authorization.slice(0, 12),
    );
  }
  t.equal(
    (await head(relay, PATH, { Authorization: `bearer  ${token}` })).status,
    200,
    'the scheme has no case',
  );
  for (const path of [`${PATH}?access_token=${token}`, `${PATH}?token=${token}`, `${PATH}?ticket=${token}`]) {
    const { status, text } = await ask(relay, path);
    t.equal(status, 401);
    t.notOk(text.includes(token), 'and it is not echoed');
  }
  t.equal((await head(relay, PATH, { Cookie: `spillway=${token}` })).status, 401);
});

void t.test('threat: a reader of everything looks at who reads what', async (t) => {
  const { issuer, relay } = await guarded(t);
  const reader = await issuer.token({ ...TRUSTED, logs: [''] });
  const operator = await issuer.token({ ...TRUSTED, logs: undefined, scope: 'openid spillway:admin' });
  for (const path of ['/v1/consumers', '/v1/consumers/', '/v1/consumers?limit=1', '/v1/%63onsumers']) {
    t.equal((await ask(relay, path)).status, 401, path);
    t.equal((await ask(relay, path, { headers: bearer(reader) })).status, 403, path);
    t.equal((await ask(relay, path, { headers: bearer(operator) })).status, 200, path);
  }
  t.equal((await head(relay, PATH, bearer(operator))).status, 403, 'an operator is no reader');
  for (const path of ['/healthz', '/readyz']) t.equal((await ask(relay, path)).status, 200, path);
});

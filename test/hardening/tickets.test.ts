import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RelayOptions } from '../../relay/index.js';
import {
  askForTicket,
  bearer,
  cookieOf,
  head,
  Issuer,
  nowInSeconds,
  ticketFor,
  type TicketAnswer,
} from '../support/issuer.js';
import { ask, open, startPair } from '../support/relay-http.js';
import { readSse } from '../support/relay.js';

const WEB = 'tenant/acme/web-1/';
const PATH = '/v1/logs/tenant/acme/web-1';
const SSE = { Accept: 'text/event-stream' };

async function guarded(t: Test, options: RelayOptions = {}) {
  const issuer = await Issuer.start(t);
  const pair = await startPair(t, { jwks: issuer.url, jwtLeeway: 0, ...options });
  return { issuer, ...pair };
}

async function secretFile(t: Test, name: string, secret = name.padEnd(40, '.')): Promise<string> {
  const file = join(t.testdir(), name);
  await writeFile(file, secret, { mode: 0o600 });
  return file;
}

/** Two relays that share a secret; tickets of the second are over when they are made. */
async function twoRelays(t: Test) {
  const ticketSecretFile = await secretFile(t, 'shared');
  const { issuer, relay, publisher } = await guarded(t, { ticketSecretFile });
  const { relay: late } = await startPair(t, { jwks: issuer.url, ticketSecretFile, ticketTtl: 0 });
  return { issuer, relay, publisher, late };
}

void t.test('a ticket opens its stream, and the cookie goes on when the ticket is over', async (t) => {
  const { issuer, relay, publisher, late } = await twoRelays(t);
  const token = await issuer.token();
  const { url, stream, until: end } = await ticketFor(relay, token, WEB);
  t.equal(stream, WEB);
  t.equal(url.split('?')[0], PATH);
  const first = await open(relay, url, { headers: SSE });
  t.equal(first.status, 200);
  const [cookie = ''] = first.headers['set-cookie'] ?? [];
  t.match(
    cookie,
    /^spillway=[\w.-]+; Path=\/v1\/logs\/tenant\/acme\/web-1; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
  );
  t.ok(Math.abs(Number(/Max-Age=(\d+)/.exec(cookie)?.[1]) - (Date.parse(end) - Date.now()) / 1000) < 5);
  await publisher.wanted(WEB);
  await publisher.send(WEB, 1);
  await first.until((text) => text.includes('line 0'), 'the record');

  const { url: over } = await ticketFor(late, token, WEB);
  const again = { ...SSE, Cookie: `theme=dark; ${cookieOf(first)}; x=y` };
  t.equal((await open(relay, over, { headers: SSE })).status, 401, 'a ticket that is over opens nothing');
  t.equal((await open(relay, over, { headers: again })).status, 200, 'a reconnect as a browser makes it');
});

void t.test('a ticket never outlives its token, nor does the cookie', async (t) => {
  const { issuer, relay } = await guarded(t);
  const exp = nowInSeconds() + 4;
  const { url, expires, until: end } = await ticketFor(relay, await issuer.token({ exp }), WEB);
  t.equal(Date.parse(expires), exp * 1000);
  t.equal(end, expires);
  const stream = await open(relay, url, { headers: SSE });
  const cookie = cookieOf(stream);
  await stream.ended();
  t.ok(Date.now() >= exp * 1000, 'the stream goes on to the end of the token');
  t.equal(stream.complete, true);
  t.match(readSse(stream.text).at(-1), { event: 'bye', data: { reason: 'expired' } });
  t.equal(relay.core.size, 0);
  const answer = await ask(relay, url, { headers: { ...SSE, Cookie: cookie } });
  t.equal(answer.status, 401);
});

void t.test('threat: a token lives longer than there are dates', async (t) => {
  const { issuer, relay } = await guarded(t);
  for (const exp of [8.64e12, 1e14, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE]) {
    const { url, until: end } = await ticketFor(relay, await issuer.token({ exp }), WEB);
    t.equal(Date.parse(end), 8.64e15, `exp ${exp}`);
    t.equal((await head(relay, url)).status, 200);
  }
});

void t.test('threat: a ticket is used for another stream', async (t) => {
  const { issuer, relay } = await guarded(t);
  const token = await issuer.token({ logs: [''] });
  const { ticket } = await ticketFor(relay, token, WEB);
  for (const path of [
    '/v1/logs/tenant/acme',
    '/v1/logs/tenant/acme/web-2',
    '/v1/logs/tenant/acme/web-10',
    '/v1/logs/tenant/other/web-1',
    '/v1/logs/system',
    '/v1/logs/system/acme',
  ]) {
    t.equal((await ask(relay, `${path}?ticket=${ticket}`)).status, 403, path);
  }
  for (const path of ['/v1/consumers', '/v1/tickets']) {
    for (const method of ['GET', 'POST']) {
      t.ok((await ask(relay, `${path}?ticket=${ticket}`, { method })).status >= 400, path);
    }
  }
  t.equal((await ask(relay, `/v1/consumers?ticket=${ticket}`)).status, 401);
  t.equal((await head(relay, `${PATH}?level=warn&ticket=${ticket}`)).status, 200, 'its own, filtered');
});

void t.test('threat: a cookie is taken to another path', async (t) => {
  const { issuer, relay } = await guarded(t);
  const token = await issuer.token({ logs: [''] });
  const cookies = new Map<string, string>();
  for (const stream of ['tenant/acme/', WEB]) {
    cookies.set(stream, cookieOf(await head(relay, (await ticketFor(relay, token, stream)).url)));
  }
  const tenant = cookies.get('tenant/acme/') as string;
  const web = cookies.get(WEB) as string;
  t.equal((await head(relay, '/v1/logs/tenant/acme', { Cookie: tenant })).status, 200);
  t.equal((await head(relay, PATH, { Cookie: web })).status, 200);
  t.equal((await head(relay, PATH, { Cookie: tenant })).status, 401, 'a path below it');
  t.equal((await head(relay, '/v1/logs/tenant/acme', { Cookie: web })).status, 401);
  t.equal((await head(relay, '/v1/logs/tenant/other/web-1', { Cookie: web })).status, 401);
  t.equal((await head(relay, '/v1/logs/system', { Cookie: `${tenant}; ${web}` })).status, 401);
  t.equal((await head(relay, PATH, { Cookie: `${tenant}; ${web}` })).status, 200, 'a browser sends both');
  const value = web.split('=')[1] as string;
  t.equal((await ask(relay, `${PATH}?ticket=${value}`)).status, 401, 'in the place of a ticket');
  t.equal((await head(relay, PATH, bearer(value))).status, 401, 'in the place of a token');
  t.equal((await head(relay, PATH, { Cookie: `spillway=${value.slice(0, -2)}` })).status, 401, 'bent');
});

void t.test('threat: a ticket is used after its time', async (t) => {
  const { issuer, relay, late } = await twoRelays(t);
  const token = await issuer.token();
  const { url: good } = await ticketFor(relay, token, WEB);
  t.equal((await head(relay, good)).status, 200);
  t.equal(
    (await head(relay, good)).status,
    200,
    'within it, it may be used again: no relay keeps what was used',
  );
  const { url } = await ticketFor(late, token, WEB);
  const { status, text } = await ask(relay, url);
  t.equal(status, 401);
  t.match(JSON.parse(text).detail, /POST \/v1\/tickets/);
  const [before = '', claims = '', signature = ''] = (url.split('ticket=')[1] as string).split('.');
  const later = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { expires: number };
  const bent = Buffer.from(JSON.stringify({ ...later, expires: later.expires + 60_000 })).toString(
    'base64url',
  );
  t.equal((await head(relay, `${PATH}?ticket=${before}.${bent}.${signature}`)).status, 401, 'prolonged');
});

void t.test('threat: a ticket is made from a ticket', async (t) => {
  const { issuer, relay } = await guarded(t);
  const { ticket, url } = await ticketFor(relay, await issuer.token(), WEB);
  const body = JSON.stringify({ stream: WEB });
  const cookie = cookieOf(await head(relay, url));
  for (const [what, headers] of Object.entries({
    nothing: {},
    'a ticket as a token': bearer(ticket),
    'a pass as a token': bearer(cookie.split('=')[1] as string),
    'a cookie': { Cookie: cookie },
  })) {
    t.equal((await askForTicket(relay, headers as Record<string, string>, body)).status, 401, what);
  }
  const answer = await fetch(`${relay.url}/v1/tickets?ticket=${ticket}`, { method: 'POST', body });
  t.equal(answer.status, 401);
});

void t.test('with a shared secret a ticket and its cookie are good at any relay', async (t) => {
  const ticketSecretFile = await secretFile(t, 'shared');
  const { issuer, relay } = await guarded(t, { ticketSecretFile });
  const { relay: second } = await startPair(t, { jwks: issuer.url, ticketSecretFile });
  const { url } = await ticketFor(relay, await issuer.token(), WEB);
  const answer = await head(second, url);
  t.equal(answer.status, 200);
  t.equal((await head(relay, PATH, { Cookie: cookieOf(answer) })).status, 200);
});

void t.test('with the secret of the issuer too, and a ticket is no token for that', async (t) => {
  const { SignJWT } = await import('jose');
  const jwtSecretFile = await secretFile(t, 'jwt', 'k'.repeat(32));
  const { relay } = await startPair(t, { jwtSecretFile });
  const { relay: second } = await startPair(t, { jwtSecretFile });
  const token = await new SignJWT({ logs: ['tenant/acme/'], exp: nowInSeconds() + 60 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from('k'.repeat(32)));
  t.equal((await head(relay, PATH, bearer(token))).status, 200);
  const { url, ticket } = await ticketFor(relay, token, WEB);
  t.equal((await head(second, url)).status, 200);
  t.equal((await head(relay, PATH, bearer(ticket))).status, 401);
  t.equal((await head(relay, `${PATH}?ticket=${token}`)).status, 401, 'nor a token a ticket');
});

void t.test('threat: a ticket of a relay that shares no secret is tried at another', async (t) => {
  const { issuer, relay } = await guarded(t);
  const { relay: second } = await startPair(t, { jwks: issuer.url });
  const { url }: TicketAnswer = await ticketFor(relay, await issuer.token(), WEB);
  t.equal((await head(relay, url)).status, 200);
  t.equal((await head(second, url)).status, 401);
});

void t.test('a relay that asks for no token has no tickets, and minds none', async (t) => {
  const { relay } = await startPair(t);
  t.equal((await askForTicket(relay, {}, JSON.stringify({ stream: WEB }))).status, 404);
  t.equal((await head(relay, `${PATH}?ticket=x`, bearer('x'))).status, 200);
});

void t.test('behind a proxy that says https the cookie is for https alone', async (t) => {
  const { issuer, relay } = await guarded(t, { trustProxy: ['127.0.0.1'] });
  const { url } = await ticketFor(relay, await issuer.token(), WEB);
  const { headers } = await head(relay, url, { 'X-Forwarded-Proto': 'https' });
  t.match(headers['set-cookie'], [/; HttpOnly; SameSite=Strict; Secure$/]);
});

import t, { type Test } from 'tap';
import { askForTicket, bearer, Issuer } from '../support/issuer.js';
import { ask, open, RawClient, startPair, type Answer } from '../support/relay-http.js';
import { until } from '../support/relay.js';

async function guarded(t: Test) {
  const issuer = await Issuer.start(t);
  const { relay, publisher } = await startPair(t, { jwks: issuer.url });
  return { issuer, relay, publisher, acme: await issuer.token({ logs: ['tenant/acme/'] }) };
}

/** Spellings of another tenant's stream, or of the system's, each sent byte for byte. */
const SPELLINGS = [
  'tenant/other',
  'tenant/other/',
  'tenant/other/web-1',
  'tenant/OTHER',
  'tenant/ACME',
  'tenant/Acme',
  'tenant/acme2',
  'tenant/acm',
  'tenant/acme.',
  'tenant/.acme',
  'tenant/acme-',
  'tenant/%6fther',
  'tenant/%6F%74%68%65%72',
  'tenant/%256fther',
  'tenant/%25%36%66ther',
  'tenant/acme/../other',
  'tenant/acme/%2e%2e/other',
  'tenant/acme/%2E%2E%2Fother',
  'tenant/acme/%252e%252e/other',
  'tenant/acme%2f..%2fother',
  'tenant/acme/..%2fother',
  'tenant/acme/..%5cother',
  'tenant/acme\\..\\other',
  'tenant/acme/.%2e/other',
  'tenant/acme;/../other',
  'tenant//other',
  'tenant/other//',
  'tenant/acme//../other',
  '/tenant/other',
  'tenant/acme%00/../other',
  'tenant/other%00acme',
  'tenant/other%20',
  'tenant/other%2f',
  'tenant/other%23',
  'tenant/other%3facme',
  'tenant/acme%2cother',
  'tenant/*',
  'tenant/%2a',
  'tenant/',
  'tenant',
  // Look-alikes: Cyrillic a, fullwidth o, a soft hyphen, an overlong slash, a fraction slash, and `é` in two ways.
  'tenant/%D0%B0cme',
  'tenant/%EF%BD%8Fther',
  'tenant/ot%C2%ADher',
  'tenant/acme%C0%AF..%C0%AFother',
  'tenant/acme%E2%81%84other',
  'tenant/acm%C3%A9',
  'tenant/acme%CC%81',
  'tenant/%u006fther',
  'system',
  'system/',
  'system/scheduler',
  '%73ystem',
  'tenant/acme/../../system',
  'Tenant/acme',
  'tenants/acme',
];

void t.test("threat: another tenant's name in every spelling", async (t) => {
  const { relay, acme } = await guarded(t);
  for (const spelling of SPELLINGS) {
    const client = await RawClient.connect(t, relay);
    client.write(
      `GET /v1/logs/${spelling}?format=ndjson HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${acme}`,
      '',
      '',
    );
    const text = await client.until((text) => text.includes('\r\n\r\n'), spelling);
    t.match(text, /^HTTP\/1\.1 4(00|03|04) /, spelling);
    client.socket.destroy();
  }
  t.equal(relay.core.size, 0);
  t.equal(relay.core.hubs, 0, 'nothing was ever subscribed to');
});

void t.test("threat: a ticket for another tenant's name in every spelling", async (t) => {
  const { relay, acme } = await guarded(t);
  for (const spelling of [
    ...SPELLINGS,
    '',
    '/',
    ' ',
    'tenant/acme/ ',
    'tenant/acme/web/../../other/',
    '\u0000',
  ]) {
    const { status } = await askForTicket(relay, bearer(acme), JSON.stringify({ stream: spelling }));
    t.ok(status === 400 || status === 403, `${spelling}: ${status}`);
  }
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '7',
    '"tenant/acme/"',
    '{"stream":["tenant/acme/"]}',
    '{"stream":{}}',
  ]) {
    t.equal((await askForTicket(relay, bearer(acme), body)).status, 400, body);
  }
});

void t.test('a spelling of the own name opens the own stream, and only that', async (t) => {
  const { relay, publisher, acme } = await guarded(t);
  for (const path of [
    'tenant/acme',
    'tenant/acme/',
    'tenant/%61cme',
    'tenant/acme/web-1',
    'tenant/acme/web-1/',
  ]) {
    const stream = await open(relay, `/v1/logs/${path}`, { headers: bearer(acme) });
    t.equal(stream.status, 200, path);
    const streams = [...relay.core.consumers()].map(({ request: { stream } }) => stream);
    t.match(streams, [{ class: 'tenant', tenant: 'acme' }]);
    stream.destroy();
    await until(() => relay.core.size === 0, 'it has gone');
  }
  await publisher.unwanted('tenant/acme/');
});

/** All of an answer but what differs from one to the next by its nature. */
function shapeOf({ status, headers, text }: Answer) {
  const { date: _, ...rest } = headers;
  return { status, headers: rest, text };
}

void t.test('threat: answers tell which tenants there are', async (t) => {
  const { issuer, relay, publisher, acme } = await guarded(t);
  // `known` is read and prints; `never` has not yet been heard of.
  const theirs = await issuer.token({ logs: ['tenant/known/'] });
  const stream = await open(relay, '/v1/logs/tenant/known/web-1', { headers: bearer(theirs) });
  await publisher.wanted('tenant/known/web-1/');
  await publisher.send('tenant/known/web-1/', 1);
  await stream.until((text) => text.includes('line 0'), 'its record');

  for (const [what, headers] of [
    ['nothing', {}],
    ['a token', bearer(acme)],
    ['a token that is none', bearer('x.y.z')],
    ['a ticket that is none', {}],
  ] as const) {
    const query = what.startsWith('a ticket') ? '?ticket=x.y.z' : '';
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
      for (const [there, notThere] of [
        ['known', 'never'],
        ['known/web-1', 'never/web-1'],
        ['known/web-1', 'known/web-2'],
      ] as const) {
        const [one, two] = await Promise.all(
          [there, notThere].map((name) => ask(relay, `/v1/logs/tenant/${name}${query}`, { method, headers })),
        );
        const text = (one as Answer).text.replaceAll(there, notThere);
        t.strictSame(shapeOf({ ...(one as Answer), text }), shapeOf(two as Answer), `${method} with ${what}`);
        t.ok((one as Answer).status >= 401, String((one as Answer).status));
      }
    }
  }
  // Nor do parameters that are checked make a difference.
  for (const query of ['?hwm=0', '?level=loud', '?nonsense=1', '?tail=x', '?format=xml']) {
    const { status } = await ask(relay, `/v1/logs/tenant/known${query}`, { headers: bearer(acme) });
    t.equal(status, 403, query);
  }
  const tickets = await Promise.all(
    ['tenant/known/', 'tenant/never/'].map((stream) =>
      askForTicket(relay, bearer(acme), JSON.stringify({ stream })),
    ),
  );
  t.strictSame(tickets[0], tickets[1]);
  t.equal(tickets[0]?.status, 403);
});

void t.test("threat: a tenant's limit tells another that it is busy", async (t) => {
  const issuer = await Issuer.start(t);
  const { relay } = await startPair(t, { jwks: issuer.url, maxConsumersPerTenant: 1 });
  const [acme, other] = await Promise.all(
    ['acme', 'other'].map((name) => issuer.token({ logs: [`tenant/${name}/`] })),
  );
  await open(relay, '/v1/logs/tenant/other', { headers: bearer(other as string) });
  t.equal((await ask(relay, '/v1/logs/tenant/other', { headers: bearer(other as string) })).status, 429);
  t.equal((await ask(relay, '/v1/logs/tenant/other', { headers: bearer(acme as string) })).status, 403);
  t.equal((await open(relay, '/v1/logs/tenant/acme', { headers: bearer(acme as string) })).status, 200);
});

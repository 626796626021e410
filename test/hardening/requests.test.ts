import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Relay } from '../../relay/index.js';
import { askForTicket, bearer, Issuer } from '../support/issuer.js';
import { ask, open, RawClient, startPair } from '../support/relay-http.js';
import { readSse, until } from '../support/relay.js';

const PATH = '/v1/logs/tenant/acme/web-1';

/** The problem document that a raw client got. */
function problemIn(text: string): { status: number; detail: string } {
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { status: number; detail: string };
}

void t.test('threat: slow-loris, by silence, by headers and by a body that drip', async (t) => {
  const { relay } = await startPair(t, { requestTimeout: 1_000 });
  const stream = await open(relay, PATH, { headers: { Accept: 'text/event-stream' } });
  const beginnings = [
    [],
    ['GET / HT'],
    [`GET ${PATH} HTTP/1.1`, 'Host: localhost', 'X-A: '],
    ['POST /v1/tickets HTTP/1.1', 'Host: localhost', 'Content-Length: 100', '', '{'],
  ];
  const clients = await Promise.all(beginnings.map(() => RawClient.connect(t, relay)));
  const drips: NodeJS.Timeout[] = [];
  for (const [i, client] of clients.entries()) {
    const beginning = beginnings[i] as string[];
    if (beginning.length === 0) continue;
    client.write(...beginning);
    // Dripping on is what tells it from a client that has died.
    drips.push(setInterval(() => client.socket.write('a'), 50));
  }
  t.teardown(() => drips.forEach((drip) => clearInterval(drip)));
  for (const client of clients) await until(() => client.closed, 'it is cut');
  t.match(clients[2]?.text, /^HTTP\/1\.1 408 Request timeout\r\n[\s\S]*problem\+json/);
  t.match(problemIn(clients[2]?.text ?? ''), { status: 408, detail: /within 1 s/ });

  t.equal(relay.core.size, 1, 'who reads, however long, is not slow');
  t.equal((await ask(relay, '/healthz')).status, 200);
  stream.destroy();
});

void t.test('threat: a page whose name is pointed at this machine (DNS rebinding)', async (t) => {
  const { relay } = await startPair(t, { hostName: ['logs.example'] });
  const issuer = await Issuer.start(t);
  const { relay: guarded } = await startPair(t, { jwks: issuer.url });
  const status = async (of: Relay, host: string, path: string) => {
    const client = await RawClient.connect(t, of);
    client.write(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', '', '');
    await until(() => client.text.includes('\r\n\r\n'), 'the answer');
    client.socket.destroy();
    return Number(client.text.split(' ')[1]);
  };
  const foreign = [
    'rebind.example',
    'rebind.example:8080',
    'localhost.rebind.example',
    '127.0.0.1.example',
    'x',
  ];
  for (const host of [...foreign, 'logs.example.evil'])
    for (const path of [PATH, '/', '/v1/consumers', '/healthz', '/nowhere'])
      t.equal(await status(relay, host, path), 421, `${host} ${path}`);
  const own = [
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    'a.localhost',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:80',
  ];
  for (const host of [...own, '10.0.0.1', 'logs.example', 'logs.example:443'])
    t.equal(await status(relay, host, PATH), 200, host);
  t.equal(
    await status(guarded, 'rebind.example', '/healthz'),
    200,
    'where tokens are asked for, a name is a name',
  );
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH} HTTP/1.1`, 'Host: rebind.example', 'Connection: close', '', '');
  await until(() => client.closed, 'it is cut');
  t.match(problemIn(client.text), { status: 421, detail: /--host-name/ });
});

void t.test('threat: oversized requests', async (t) => {
  const { relay } = await startPair(t);
  for (const lines of [
    [`GET ${PATH} HTTP/1.1`, 'Host: localhost', `X-A: ${'a'.repeat(40_000)}`],
    [`GET ${PATH}?q=${'a'.repeat(40_000)} HTTP/1.1`, 'Host: localhost'],
    [`GET ${PATH} HTTP/1.1`, 'Host: localhost', `Cookie: ${'spillway=a; '.repeat(4_000)}`],
    [`GET ${PATH} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${'a'.repeat(40_000)}`],
    [`GET ${PATH} HTTP/1.1`, 'Host: localhost', ...Array.from({ length: 6_000 }, (_, i) => `X-${i}: a`)],
  ]) {
    const client = await RawClient.connect(t, relay);
    client.write(...lines, '', '');
    await until(() => client.closed, 'it is cut');
    t.match(client.text, /^HTTP\/1\.1 431 /);
    t.match(problemIn(client.text), { status: 431, detail: /32768 bytes/ });
  }
  const issuer = await Issuer.start(t);
  const { relay: guarded } = await startPair(t, { jwks: issuer.url });
  const large = JSON.stringify({ stream: 'tenant/acme/', padding: 'x'.repeat(5_000) });
  t.equal((await askForTicket(guarded, bearer(await issuer.token()), large)).status, 413);
  t.equal(relay.core.size + guarded.core.size, 0);
});

void t.test('threat: what is no HTTP, or two requests in one', async (t) => {
  const { relay } = await startPair(t);
  for (const bytes of [
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\n\u0000\r\n\r\n`,
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ]) {
    const client = await RawClient.connect(t, relay);
    client.socket.write(bytes, 'latin1');
    await until(() => client.closed, 'it is cut');
    t.match(client.text, /^HTTP\/1\.1 400 Bad request\r\n/);
    t.match(problemIn(client.text), { status: 400 });
  }
  t.equal(relay.core.size, 0);
});

void t.test('threat: more connections than there is room for', async (t) => {
  const { relay } = await startPair(t, { maxConnections: 3 });
  const held = await Promise.all(Array.from({ length: 3 }, () => RawClient.connect(t, relay)));
  const late = await connectTo(t, relay);
  await until(() => late.destroyed || late.readableEnded, 'one more is closed');
  held[0]?.socket.destroy();
  let status: number | undefined;
  while (status !== 200) status = (await ask(relay, '/healthz').catch(() => undefined))?.status;
});

async function connectTo(t: Test, relay: Relay): Promise<Socket> {
  const { hostname, port } = new URL(relay.url);
  const socket = connect({ host: hostname, port: Number(port) });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

void t.test('threat: a query or a header that writes events or headers of its own', async (t) => {
  const { relay, publisher } = await startPair(t);
  const evil = encodeURIComponent('x\r\n\r\nevent: bye\r\ndata: {}\r\n\r\n');
  for (const query of [
    `?q=${evil}`,
    `?lastEventId=${evil}`,
    `?ticket=${evil}`,
    `?q=x&lastEventId=1~A.1%0Aevent:%20bye`,
  ]) {
    const stream = await open(relay, `${PATH}${query}`, { headers: { Accept: 'text/event-stream' } });
    if (stream.status !== 200) {
      await stream.ended();
      t.equal(stream.status, 400, query);
      continue;
    }
    await publisher.wanted('tenant/acme/web-1/');
    await stream.until((text) => text.includes('event: status'), 'the greeting');
    t.notMatch(stream.text, /event: bye/);
    for (const item of readSse(stream.text)) t.notMatch(item, { event: 'bye' });
    stream.destroy();
    await until(() => relay.core.size === 0, 'it has gone');
  }
  for (const path of [
    `${PATH}?level=${evil}`,
    `${PATH}?format=${evil}`,
    `${PATH}?hwm=${evil}`,
    `${PATH}?${evil}=1`,
    `/v1/logs/tenant/${evil}`,
    `/v1/${evil}`,
  ]) {
    const { status, headers, text } = await ask(relay, path);
    t.ok(status === 400 || status === 404, path);
    t.match(headers, { 'content-type': 'application/problem+json; charset=utf-8' });
    t.match(JSON.parse(text), { status });
    t.notMatch(text, /\r|\n/, 'what it echoes is escaped');
  }
});

void t.test('threat: a page of another origin reads the streams of who visits it', async (t) => {
  const issuer = await Issuer.start(t);
  const friend = 'https://console.example';
  const { relay } = await startPair(t, { jwks: issuer.url, cors: [friend] });
  const token = await issuer.token();
  for (const origin of [
    'https://evil.example',
    'https://console.example.evil.example',
    'https://evil-console.example',
    'http://console.example',
    'https://console.example:8443',
    'https://CONSOLE.example',
    'null',
    '*',
  ]) {
    for (const [path, method] of [
      [PATH, 'OPTIONS'],
      [PATH, 'HEAD'],
      [PATH, 'GET'],
      ['/v1/tickets', 'OPTIONS'],
    ] as const) {
      const stream = await open(relay, path, { method, headers: { ...bearer(token), Origin: origin } });
      t.equal(stream.headers['access-control-allow-origin'], undefined, `${method} ${path} ${origin}`);
      t.match(stream.headers.vary, /Origin/);
      stream.destroy();
    }
  }
  const allowed = { 'access-control-allow-origin': friend, 'access-control-allow-credentials': 'true' };
  const preflight = await ask(relay, PATH, {
    method: 'OPTIONS',
    headers: { Origin: friend, 'Access-Control-Request-Headers': 'authorization' },
  });
  t.equal(preflight.status, 204);
  t.match(preflight.headers, {
    ...allowed,
    'access-control-allow-headers': /Authorization/,
    'access-control-allow-methods': 'GET,POST',
  });
  const stream = await open(relay, PATH, { headers: { ...bearer(token), Origin: friend } });
  t.equal(stream.status, 200);
  t.match(stream.headers, { ...allowed, vary: /Origin/, 'content-type': /text\/plain/ });
  const refused = await ask(relay, PATH, { headers: { Origin: friend } });
  t.equal(refused.status, 401);
  t.match(refused.headers, allowed, 'a page may read why');
  const { headers } = await ask((await startPair(t)).relay, PATH, {
    method: 'HEAD',
    headers: { Origin: friend },
  });
  t.equal(headers['access-control-allow-origin'], undefined, 'nobody, unless somebody is listed');
});

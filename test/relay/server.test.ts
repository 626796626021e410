import t from 'tap';
import { RelayError, startRelay } from '../../relay/index.js';
import { readNdjson, readSse, until, type Item } from '../support/relay.js';
import { ask, flood, open, RawClient, startPair } from '../support/relay-http.js';

const WEB = 'tenant/acme/web-1/';
const PATH = '/v1/logs/tenant/acme/web-1';

const records = (items: readonly Item[]) => items.flatMap((item) => ('record' in item ? [item.record] : []));
const has = (n: number) => (text: string) => text.includes(`line ${n}"`);

void t.test('a stream of events carries records with their cursors, and greets first', async (t) => {
  const { relay, publisher } = await startPair(t);
  const stream = await open(relay, PATH, { headers: { Accept: 'text/event-stream' } });
  t.equal(stream.status, 200);
  t.match(stream.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  await publisher.wanted(WEB);
  await publisher.send(WEB, 2);
  const text = await stream.until(has(1), 'both records');
  t.ok(text.startsWith(':\n\nevent: status\n'));
  t.match(readSse(text), [
    { event: 'status', data: { stream: WEB, consolidators: 1 } },
    { record: 0, id: '1~A.1' },
    { record: 1, id: '1~A.2' },
  ]);
});

void t.test('the other formats carry the same records', async (t) => {
  const { relay, publisher } = await startPair(t);
  const ndjson = await open(relay, `${PATH}?format=ndjson`);
  const text = await open(relay, PATH);
  t.equal(ndjson.headers['content-type'], 'application/x-ndjson; charset=utf-8');
  t.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
  await publisher.wanted(WEB);
  await publisher.send(WEB, 2, { msg: 'grüße' });
  const lines = await ndjson.until((text) => text.split('\n').length === 3, 'both lines');
  t.strictSame(records(readNdjson(lines)), [0, 1]);
  t.match(lines, '"msg":"grüße"');
  await text.until((text) => text.split('\n').length === 3, 'both lines');
  t.match(text.text, /^(06:41:13\.980Z  INFO web-1: grüße \(n=[01]\)\n){2}$/);
});

void t.test('filters leave out what was not asked for', async (t) => {
  const { relay, publisher } = await startPair(t);
  const streams = await Promise.all(
    ['?level=warn', '?q=NEEDLE', '?container=web-1,db', ''].map((query) =>
      open(relay, `/v1/logs/tenant/acme${query}`, { headers: { Accept: 'application/x-ndjson' } }),
    ),
  );
  await publisher.wanted('tenant/acme/');
  await publisher.send('tenant/acme/web-1/', 1, { level: 30, msg: 'hay' });
  await publisher.send('tenant/acme/web-2/', 1, { level: 40, msg: 'hay' });
  await publisher.send('tenant/acme/db/', 1, { level: 30, msg: 'a needle' });
  await publisher.send('tenant/acme/web-1/', 1, { level: 50, msg: 'needle, the last' });
  for (const stream of streams) await stream.until((text) => text.includes('the last'), 'the last');
  const levels = streams.map(({ text }) =>
    [...text.matchAll(/"level":(\d+)/g)].map(([, level]) => Number(level)),
  );
  t.strictSame(levels, [
    [40, 50],
    [30, 50],
    [30, 30, 50],
    [30, 40, 30, 50],
  ]);
});

void t.test("a tenant's stream never holds a record of another whose name begins alike", async (t) => {
  const { relay, publisher } = await startPair(t);
  const acme = await open(relay, '/v1/logs/tenant/acme?format=ndjson');
  const web = await open(relay, '/v1/logs/tenant/acme/web?format=ndjson');
  const system = await open(relay, '/v1/logs/system?format=ndjson');
  for (const prefix of ['tenant/acme/', 'tenant/acme/web/', 'system/']) await publisher.wanted(prefix);
  for (const topic of ['tenant/acme2/web/', 'tenant/acm/web/', 'tenant/system/web/', 'tenant/acme/web-1/']) {
    await publisher.send(topic, 1, { msg: topic });
  }
  await publisher.send('tenant/acme/web/', 1, { msg: 'last' });
  await publisher.send('system/acme/', 1, { msg: 'last' });
  const msgs = async (stream: typeof acme) => {
    const text = await stream.until((text) => text.includes('"last"'), 'the last');
    return [...text.matchAll(/"msg":"([^"]*)"/g)].map(([, msg]) => msg);
  };
  t.strictSame(await msgs(acme), ['tenant/acme/web-1/', 'last']);
  t.strictSame(await msgs(web), ['last']);
  t.strictSame(await msgs(system), ['last']);
});

void t.test('a slash at the end of a path changes nothing', async (t) => {
  const { relay } = await startPair(t);
  t.equal((await ask(relay, `${PATH}/`, { method: 'HEAD' })).status, 200);
});

void t.test('HEAD answers as GET would, and opens no stream', async (t) => {
  const { relay } = await startPair(t);
  const { status, headers, text } = await ask(relay, PATH, {
    method: 'HEAD',
    headers: { Accept: 'text/event-stream' },
  });
  t.equal(status, 200);
  t.match(headers, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  t.equal(text, '');
  t.equal(relay.core.size, 0);
  t.equal((await ask(relay, `${PATH}?hwm=x`, { method: 'HEAD' })).status, 400);
});

void t.test('what is wrong is answered as problem details that say what to do', async (t) => {
  const { relay } = await startPair(t);
  for (const [path, status, detail] of [
    ['/nothing', 404, /\/v1\/logs\/tenant\/<tenant>/],
    ['/v1/logs/tenant/', 404, /\/v1\/logs/],
    ['/v1/logs/tenant/a/b/c', 404, /\/v1\/logs/],
    [`${PATH}?hwm=many`, 400, /whole number/],
    [`${PATH}?format=xml`, 400, /ndjson/],
    [`${PATH}?format=ndjson&colour=1`, 400, /colour/],
  ] as const) {
    const answer = await ask(relay, path);
    t.equal(answer.status, status, path);
    t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    t.match(JSON.parse(answer.text), { type: 'about:blank', status, title: String, detail }, path);
  }
  t.equal((await ask(relay, PATH, { headers: { Accept: 'image/png' } })).status, 406);
  t.equal(relay.core.size, 0);
});

void t.test('a client of HTTP/1.0 gets the bare bytes until the connection ends', async (t) => {
  const { relay, publisher } = await startPair(t);
  for (const host of [[], ['Host: localhost']]) {
    const client = await RawClient.connect(t, relay);
    client.write(`GET ${PATH}?format=ndjson HTTP/1.0`, ...host, '', '');
    await client.until((text) => text.includes('\r\n\r\n'), 'the head');
    t.match(client.text, /^HTTP\/1\.1 200 /);
    t.notMatch(client.text, /transfer-encoding/i);
    await publisher.wanted(WEB);
    await publisher.send(WEB, 3);
    const text = await client.until((text) => text.split('\n{').length === 4, 'three records');
    t.equal(records(readNdjson(text.slice(text.indexOf('\r\n\r\n') + 4))).length, 3);
    client.socket.destroy();
    await until(() => relay.core.size === 0, 'the consumer is gone');
  }
});

void t.test('a stream that was asked for behind another request is served after it', async (t) => {
  const { relay, publisher } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  client.write(
    'GET /healthz HTTP/1.1',
    'Host: localhost',
    '',
    `GET ${PATH}?format=ndjson HTTP/1.1`,
    'Host: localhost',
    '',
    '',
  );
  await client.until((text) => text.split('HTTP/1.1 200').length === 3, 'both heads');
  await publisher.wanted(WEB);
  await publisher.send(WEB, 1);
  await client.until(has(0), 'the record');
  client.socket.destroy();
  await until(() => relay.core.size === 0, 'the consumer is gone');
});

void t.test('threat: streams pipelined behind an endless one are gone with their client', async (t) => {
  const { relay } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  for (let i = 0; i < 20; i += 1) client.write(`GET ${PATH} HTTP/1.1`, 'Host: localhost', '', '');
  await until(() => relay.core.size > 0, 'a consumer is there');
  await client.until((text) => text.includes('200 OK'), 'the first head');
  client.socket.destroy();
  await until(() => relay.core.size === 0, 'no consumer is left');
});

void t.test('a client that goes away leaves no consumer and no subscription behind', async (t) => {
  const { relay, publisher } = await startPair(t);
  const streams = await Promise.all(Array.from({ length: 10 }, () => open(relay, PATH)));
  t.equal(relay.core.size, 10);
  await publisher.wanted(WEB);
  for (const stream of streams) stream.destroy();
  await until(() => relay.core.size === 0, 'no consumer is left');
  await publisher.unwanted(WEB);
});

void t.test('an idle stream of events is kept alive by comments', async (t) => {
  const { relay } = await startPair(t, { keepalive: 100 });
  const stream = await open(relay, PATH, { headers: { Accept: 'text/event-stream' } });
  await stream.until((text) => /[^:]\n\n(:\n\n){2,}$/.test(text), 'two comments');
});

void t.test('a stream of events is told when its consolidators come and go', async (t) => {
  const { relay, publisher } = await startPair(t);
  const stream = await open(relay, PATH, { headers: { Accept: 'text/event-stream' } });
  t.equal((await ask(relay, '/readyz')).status, 200);
  await publisher.close();
  await stream.until((text) => text.includes('"consolidators":0'), 'it is gone');
  const { status, text } = await ask(relay, '/readyz');
  t.strictSame([status, text], [503, 'no consolidator is connected\n']);
  t.equal((await ask(relay, '/healthz')).status, 200);
});

void t.test('a loss on the way is told where it is', async (t) => {
  const { relay, publisher } = await startPair(t);
  const stream = await open(relay, `${PATH}?format=ndjson&level=fatal`);
  const all = await open(relay, `${PATH}?format=ndjson`);
  await publisher.wanted(WEB);
  await publisher.send(WEB, 1);
  publisher.skip(WEB, 41);
  await publisher.send(WEB, 1);
  await all.until(has(42), 'the record behind the gap');
  t.match(readNdjson(all.text), [
    { record: 0 },
    { notice: { count: 41, reason: 'transit', hop: 'relay' } },
    { record: 42 },
  ]);
  await stream.until((text) => text.includes('"count":41'), 'the notice, which no filter hides');
});

void t.test(
  'a reader that pauses is told what it missed in its place, and a fast one misses nothing',
  async (t) => {
    const { relay, publisher } = await startPair(t);
    const slow = await open(relay, `${PATH}?format=ndjson&hwm=10`);
    const fast = await open(relay, `${PATH}?format=ndjson&hwm=1000000`);
    await publisher.wanted(WEB);
    slow.pause();
    const dropped = () =>
      [...relay.core.consumers()].reduce((sum, { consumer }) => sum + consumer.balance.dropped, 0);
    // Until the kernel's buffers are full too, the slow one is not slow.
    const sent = await flood({ relay, publisher }, WEB, () => dropped() >= 200);
    await fast.until((text) => text.includes(`"n":${sent - 1},`), 'all of it');
    slow.resume();
    await slow.until((text) => text.includes(`"n":${sent - 1},`), 'the last record');
    t.strictSame(
      records(readNdjson(fast.text)),
      Array.from({ length: sent }, (_, i) => i),
    );

    let next = 0;
    let told = 0;
    for (const item of readNdjson(slow.text)) {
      if ('record' in item) {
        if (item.record !== next) t.fail(`record ${item.record} came where ${next} should be`);
        next += 1;
      } else if ('notice' in item) {
        t.match(item.notice, { reason: 'consumer-overflow', hop: 'relay' });
        next += item.notice.count;
        told += item.notice.count;
      }
    }
    t.equal(next, sent);
    t.ok(told >= 200 && told === dropped(), `${told} told`);
  },
);

void t.test('a reader whose policy is to be cut is told why at the end of what it gets', async (t) => {
  const { relay, publisher } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH}?format=ndjson&hwm=10&overflow=disconnect HTTP/1.1`, 'Host: localhost', '', '');
  await client.until((text) => text.includes('\r\n\r\n'), 'the head');
  await publisher.wanted(WEB);
  client.socket.pause();
  await flood({ relay, publisher }, WEB, () => relay.core.size === 0);
  client.socket.resume();
  const text = await client.until((text) => text.includes('"spillway"'), 'the last notice');
  t.match(text, /"reason":"consumer-overflow"[^\n]*\n\r\n0\r\n\r\n$/, 'and then the end');
});

void t.test('a relay that closes says goodbye, and spreads the reconnects', async (t) => {
  const { relay, publisher } = await startPair(t, { drainSpread: 10_000 });
  const streams = await Promise.all(
    Array.from({ length: 8 }, () => open(relay, PATH, { headers: { Accept: 'text/event-stream' } })),
  );
  await publisher.wanted(WEB);
  await publisher.send(WEB, 1);
  for (const stream of streams) await stream.until(has(0), 'the record');
  const start = performance.now();
  await relay.close();
  t.ok(performance.now() - start < 400, 'at once, since nobody had anything queued');
  for (const stream of streams) {
    await stream.ended();
    t.equal(stream.complete, true, 'the answer ends properly');
    t.match(stream.text, /retry: \d+\n\nevent: bye\ndata: \{"reason":"shutdown","retry":\d+\}\n\n$/);
  }
  const retries = streams.map(({ text }) => /^retry: (\d+)$/m.exec(text)?.[1]);
  t.ok(new Set(retries).size > 1, `not all at once: ${retries.join(' ')}`);
  await relay.close();
});

void t.test('a reader that stalls does not keep a relay from closing', async (t) => {
  const { relay, publisher } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH}?format=ndjson&hwm=10 HTTP/1.1`, 'Host: localhost', '', '');
  await client.until((text) => text.includes('\r\n\r\n'), 'the head');
  client.socket.pause();
  await publisher.wanted(WEB);
  const [joined] = relay.core.consumers();
  await flood({ relay, publisher }, WEB, () => joined?.consumer.balance.dropped !== 0);
  await relay.close();
  t.equal(relay.core.size, 0);
});

void t.test('while it drains, a relay says so to who is connected', async (t) => {
  const { relay, publisher } = await startPair(t, { drainTimeout: 1_000 });
  const ready = await RawClient.connect(t, relay);
  const late = await RawClient.connect(t, relay);
  const stalled = await RawClient.connect(t, relay);
  ready.write('GET /readyz HTTP/1.1', 'Host: localhost', '');
  late.write(`GET ${PATH} HTTP/1.1`, 'Host: localhost', '');
  stalled.write(`GET ${PATH}?hwm=10 HTTP/1.1`, 'Host: localhost', '', '');
  await stalled.until((text) => text.includes('\r\n\r\n'), 'the head');
  stalled.socket.pause();
  await publisher.wanted(WEB);
  const [joined] = relay.core.consumers();
  await flood({ relay, publisher }, WEB, () => joined?.consumer.balance.dropped !== 0);
  const closed = relay.close();
  ready.write('\r\n');
  late.write('\r\n');
  await ready.until((text) => text.includes('draining\n'), 'the answer');
  t.match(ready.text, /^HTTP\/1\.1 503 /);
  await late.until((text) => text.includes('}'), 'the answer');
  t.match(late.text, /^HTTP\/1\.1 503 [\s\S]*problem\+json[\s\S]*shutting down/);
  await closed;
});

void t.test('an address in use is said to be, and leaves nothing running', async (t) => {
  const { relay } = await startPair(t);
  const port = Number(new URL(relay.url).port);
  await t.rejects(
    startRelay({ from: [], port }),
    new RelayError('listen', `Cannot listen on 127.0.0.1:${port}`),
  );
  await t.rejects(startRelay({ from: ['nonsense'], port: 0 }), {
    code: 'endpoint',
    message: /tcp:\/\/10\.0\.0\.1:5556/,
  });
});

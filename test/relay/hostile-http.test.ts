import t from 'tap';
import type { Relay } from '../../relay/index.js';
import { until } from '../support/relay.js';
import { flood, open, RawClient, startPair } from '../support/relay-http.js';

const PATH = '/v1/logs/tenant/acme/web-1';

/** The head of the answer to a request target that goes out byte for byte. */
async function answerTo(t: { teardown(fn: () => unknown): void }, relay: Relay, target: string) {
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${target} HTTP/1.1`, 'Host: localhost', '', '');
  const text = await client.until((text) => text.includes('\r\n\r\n'), `an answer to ${target}`);
  const streams = [...relay.core.consumers()].map(({ request: { stream } }) =>
    Object.values(stream).join('/'),
  );
  client.socket.destroy();
  await until(() => relay.core.size === 0, 'the consumer is gone');
  return { status: Number(text.slice(9, 12)), streams };
}

void t.test('threat: a name in a spelling that means another is refused', async (t) => {
  const { relay } = await startPair(t);
  const names = [
    'acme%2Fweb',
    'acme%2f..%2fother',
    'acme%5Cweb',
    'acme\\web',
    'acme\\..\\other',
    'acme%00',
    'acme%0a',
    'acme%0d%0aSet-Cookie:x',
    'acme%20',
    'acme;a=b',
    'a%252Fb',
    '%zz',
    '%',
    '%ff',
    'ac%C3%A9me',
    'x'.repeat(129),
    '../other',
    'acme/../other',
    'acme/../../system',
    './acme',
    'acme/.',
    'acme/%2e%2e/other',
    'acme/%2E./other',
    'acme/.%2e',
    'acme/..?format=sse',
    '%2e%2e',
    '.',
  ];
  for (const name of names) {
    const { status, streams } = await answerTo(t, relay, `/v1/logs/tenant/${name}`);
    t.strictSame(streams, [], name);
    t.ok(status === 400 || status === 404, `${name}: ${status}`);
  }
  for (const target of [
    '/v1/logs/tenant//acme',
    '//v1/logs/tenant/acme',
    '/v1/logs/tenant/acme//',
    '*',
    '/V1/logs/system',
  ]) {
    const { status, streams } = await answerTo(t, relay, target);
    t.strictSame(streams, [], target);
    t.ok(status === 400 || status === 404, `${target}: ${status}`);
  }
});

void t.test('a name with dots in it that is no climb is a name', async (t) => {
  const { relay } = await startPair(t);
  for (const [target, stream] of [
    ['/v1/logs/tenant/a..b', 'tenant/a..b'],
    ['/v1/logs/tenant/...', 'tenant/...'],
    ['/v1/logs/tenant/.acme/web.', 'tenant/.acme/web.'],
    ['/v1/logs/tenant/acme?q=/../', 'tenant/acme'],
    ['/v1/logs/system/%61', 'system/a'],
    ['http://x/v1/logs/system/a', 'system/a'],
  ] as const) {
    t.strictSame(await answerTo(t, relay, target), { status: 200, streams: [stream] }, target);
  }
});

void t.test('threat: a publisher forges events with line ends inside its line', async (t) => {
  const { relay, publisher } = await startPair(t);
  const stream = await open(relay, PATH, { headers: { Accept: 'text/event-stream' } });
  await publisher.wanted('tenant/acme/web-1/');
  const forged = 'event: bye\rdata: {}\r\rid: evil\r';
  await publisher.sendRaw([
    'tenant/acme/web-1/',
    `{"msg":\r"a",\r\rdata: {"b":1}\r${forged}}\nplain\r${forged}\r\n{"msg":"last"}\n`,
  ]);
  const text = await stream.until((text) => text.includes('"last"'), 'the last');
  t.notOk(text.includes('\r'));
  const blocks = text
    .split('\n\n')
    .filter((block) => block !== ':' && block !== '' && !block.startsWith('retry'));
  for (const block of blocks.slice(1)) t.match(block, /^data: \{[^\n]*\}$/);
  t.equal(blocks.length, 4, 'a status and three records');
});

void t.test('threat: garbage on the wire ends no stream and is never delivered', async (t) => {
  const { relay, publisher } = await startPair(t);
  const stream = await open(relay, '/v1/logs/tenant/acme?format=ndjson&q=last');
  const all = await open(relay, '/v1/logs/tenant/acme?format=text');
  await publisher.wanted('tenant/acme/');
  const topic = 'tenant/acme/web-1/';
  const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`;
  for (const frames of [
    [topic],
    [topic, ''],
    [topic, '{}\n', '', ''],
    ['tenant/acme/', '{}\n'],
    ['tenant/acme/web-1', '{"msg":"stray"}\n'],
    ['tenant/acme/../other/', '{"msg":"stray"}\n'],
    ['tenant/acme/a\u0000b/', '{"msg":"stray"}\n'],
    [topic, '{"msg":"stray"}\n', 'not json'],
    [topic, '{"msg":"stray"}\n', '{"v":1,"src":"s","first":-1,"count":1,"lost":0,"at":0}'],
    [topic, '{"msg":"stray"}\n', '{"v":1,"src":"s","first":0,"count":1e300,"lost":0,"at":0}'],
    [topic, '{"msg":"stray"}\n', '{"v":1,"src":"s","first":0,"count":2,"lost":0,"at":0}'],
    [topic, Buffer.from([0x7b, 0xff, 0x00, 0x7d, 0x0a])],
    [topic, deep],
    [topic, 'x'.repeat(1_000_000)],
  ]) {
    await publisher.sendRaw(frames);
  }
  await publisher.sendRaw([topic, '{"msg":"last"}\n']);
  t.equal(await stream.until((text) => text.endsWith('\n'), 'the last'), '{"msg":"last"}\n');
  const text = await all.until((text) => text.includes('last'), 'the last');
  t.notMatch(text, /stray/);
  t.match(relay.core.intake.stats.refused, { frames: 2, topic: 4, ledger: 3, body: 1, count: 1 });
});

void t.test('threat: a client that sends a body to a stream is answered all the same', async (t) => {
  const { relay, publisher } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH}?format=ndjson HTTP/1.1`, 'Host: localhost', 'Content-Length: 1000000', '', '');
  await publisher.wanted('tenant/acme/web-1/');
  client.socket.write('x'.repeat(1_000_000));
  await publisher.send('tenant/acme/web-1/', 1);
  await client.until((text) => text.includes('line 0'), 'the record');
});

void t.test('threat: a stalled reader makes the relay hold no more than its mark', async (t) => {
  const { relay, publisher } = await startPair(t);
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH}?format=ndjson&hwm=20 HTTP/1.1`, 'Host: localhost', '', '');
  await client.until((text) => text.includes('\r\n\r\n'), 'the head');
  client.socket.pause();
  await publisher.wanted('tenant/acme/web-1/');
  const [joined] = relay.core.consumers();
  const balance = () => joined?.consumer.balance ?? { dropped: 0, queued: 0 };
  await flood({ relay, publisher }, 'tenant/acme/web-1/', () => balance().dropped > 500);
  await until(() => balance().queued <= 20, 'its queue is at its mark');
});

import type { EventSourceMessage } from 'eventsource-parser';
import t from 'tap';
import { follow, type FollowOptions } from '../../../cli/logs/follow.js';
import { recordOf, startServer } from '../sse-server.js';

type Given = Partial<FollowOptions> & { base: string };

/** Follows a stream and keeps what happens. */
function start(
  given: Given,
  onEvents: (events: readonly EventSourceMessage[]) => Promise<void> = async () => {},
) {
  const seen: string[] = [];
  const lost: { why: string; wait: number }[] = [];
  const cursors: string[] = [];
  const ended = follow(
    { path: '/v1/logs/tenant/acme', query: {}, idleTimeout: 5000, backoff: { base: 1 }, ...given },
    {
      onOpen: async () => {
        seen.push('open');
      },
      onLost: async (why, wait) => {
        seen.push('lost');
        lost.push({ why, wait });
      },
      onEvents: async (events) => {
        for (const { event, data } of events) seen.push(event ?? (JSON.parse(data) as { msg: string }).msg);
        await onEvents(events);
      },
      onCursor: (cursor) => cursors.push(cursor),
    },
  );
  return { seen, lost, cursors, ended };
}

void t.test(
  'The first request says where to begin, a reconnect only where the last one was cut.',
  async (t) => {
    const server = await startServer(t);
    const { ended, seen } = start({
      base: `${server.url}/edge/`,
      token: () => 'secret',
      query: { tail: '5', since: '1h', level: 'warn', q: 'a b', extra: undefined },
    });
    const first = await server.next();
    t.strictSame(first.asked, {
      url: '/edge/v1/logs/tenant/acme?tail=5&since=1h&level=warn&q=a+b',
      accept: 'text/event-stream',
      cursor: undefined,
      token: 'Bearer secret',
    });
    first
      .open()
      .record(recordOf('one'), 'n1.1')
      .record(recordOf('two'), 'n1.2')
      .event('dropped', { count: 1 })
      .end(0);
    const second = await server.next();
    t.strictSame(second.asked, {
      url: '/edge/v1/logs/tenant/acme?level=warn&q=a+b',
      accept: 'text/event-stream',
      cursor: 'n1.2',
      token: 'Bearer secret',
    });
    second.problem(404, 'Nothing is here; look elsewhere.');
    t.equal(await ended, 'Nothing is here; look elsewhere.');
    t.strictSame(seen, ['open', 'one', 'two', 'dropped', 'lost']);
  },
);

void t.test('As long as no record has come, a reconnect asks for the past again.', async (t) => {
  const server = await startServer(t);
  void start({ base: server.url, query: { tail: '5' }, signal: signalOf(t) });
  (await server.next()).open().event('status', {}).end(0);
  const { asked } = await server.next();
  t.match(asked, { url: '/v1/logs/tenant/acme?tail=5', cursor: undefined });
});

void t.test(
  'A clean end, a cut, a silence and an overload are all followed by another attempt.',
  async (t) => {
    const server = await startServer(t);
    const { ended, lost } = start({ base: server.url, idleTimeout: 200 });
    (await server.next()).open().record(recordOf('one')).end(0);
    (await server.next()).open().record(recordOf('two')).response.destroy();
    (await server.next()).request.socket.destroy();
    await server.next(); // never answered
    (await server.next()).open(); // answered, then silent
    (await server.next()).problem(503, 'Too many consumers.', { 'retry-after': '0' });
    (await server.next()).problem(429, 'Too many from this address.');
    (await server.next()).problem(401, 'The token has expired; get another.');
    t.equal(await ended, 'The token has expired; get another.');
    t.match(
      lost.map(({ why }) => why),
      [
        'closed by the server',
        /terminated|other side closed|hang up|ECONNRESET/,
        /other side closed|hang up|ECONNRESET/,
        'no heartbeat for 0.2 s',
        'no heartbeat for 0.2 s',
        'Too many consumers.',
        'Too many from this address.',
      ],
    );
  },
);

void t.test('Heartbeats keep a quiet stream alive.', async (t) => {
  const server = await startServer(t);
  const { seen, lost } = start({ base: server.url, idleTimeout: 400, signal: signalOf(t) });
  const { response } = (await server.next()).open();
  for (let i = 0; i < 12; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    response.write(':\n\n');
  }
  t.strictSame([seen, lost], [['open'], []], 'three times the timeout has passed');
});

void t.test('The wait that the server names is kept.', async (t) => {
  const server = await startServer(t);
  const { lost } = start({ base: server.url, signal: signalOf(t) });
  (await server.next()).open().event('bye', { reason: 'shutdown' }).end(37);
  (await server.next()).problem(503, 'Full.', { 'retry-after': '1' });
  const before = performance.now();
  await server.next();
  t.ok(performance.now() - before > 900, 'a second has passed');
  t.strictSame(
    lost.map(({ wait }) => wait),
    [37, 1000],
  );
});

void t.test('Attempts are counted in a row, and a word from the server starts the count anew.', async (t) => {
  const server = await startServer(t);
  const { ended, lost } = start({ base: server.url, maxRetries: 2 });
  for (let i = 0; i < 5; i++) (await server.next()).open().record(recordOf('x')).end(0);
  (await server.next()).problem(500, 'Broken.');
  (await server.next()).problem(500, 'Broken.');
  t.equal(await ended, 'Broken.');
  t.equal(lost.length, 6);
});

void t.test('Where nobody listens it says so, and gives up when it may.', async (t) => {
  const server = await startServer(t);
  server.stop();
  const { ended, lost } = start({ base: server.url, maxRetries: 3 });
  t.match(await ended, /ECONNREFUSED/);
  t.equal(lost.length, 3);
});

void t.test('An answer that is no stream of events is final.', async (t) => {
  const server = await startServer(t);
  const page = start({ base: server.url });
  const { response } = await server.next();
  response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
  t.match(await page.ended, /text\/html with status 200, not a stream of events/);
  const odd = start({ base: server.url });
  (await server.next()).response.writeHead(418).end('not a problem document');
  t.equal(await odd.ended, "the server answered 418 I'm a Teapot");
  const stranger = start({ base: server.url });
  (await server.next()).response.writeHead(404).end('there is no function here');
  t.equal(await stranger.ended, 'the server answered 404 Not Found: is this the address of a relay?');
  const endless = start({ base: server.url });
  const refusal = (await server.next()).response.writeHead(403);
  refusal.write('x'.repeat(100_000));
  t.equal(await endless.ended, 'the server answered 403 Forbidden', 'an endless refusal is not awaited');
});

void t.test('Where TLS is asked of what speaks none, that is said, in one line.', async (t) => {
  const { url } = await startServer(t);
  const { ended } = start({ base: url.replace('http', 'https'), maxRetries: 0 });
  const why = await ended;
  t.match(why, /what answers there speaks no TLS: should it be http:\/\/\?/);
  t.notMatch(why, /\n|SSL routines/);
});

void t.test('A record counts as read when its reader has taken it, not before.', async (t) => {
  const server = await startServer(t);
  let calls = 0;
  const { ended } = start({ base: server.url }, async () => {
    calls += 1;
    if (calls === 2) throw new Error('the output is broken');
  });
  (await server.next()).open().record(recordOf('one'), 'c1').end(0);
  const second = await server.next();
  t.equal(second.asked.cursor, 'c1');
  second.open().record(recordOf('two'), 'c2');
  await t.rejects(ended, { message: 'the output is broken' });
});

void t.test(
  'While a slow output is waited for, no time counts as silence and nothing more is read.',
  async (t) => {
    const server = await startServer(t);
    const taken: (() => void)[] = [];
    const { seen, lost } = start({ base: server.url, idleTimeout: 1_000, signal: signalOf(t) }, () => {
      return new Promise((resolve) => {
        taken.push(resolve);
        if (taken.length > 1) resolve();
      });
    });
    const { response } = (await server.next()).open().record(recordOf('first'));
    while (taken.length === 0) await new Promise(setImmediate);
    const line = `data: ${JSON.stringify(recordOf('x'.repeat(1000)))}\n\n`;
    for (let i = 0; i < 20_000; i++) response.write(line);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    t.equal(taken.length, 1);
    t.ok(response.writableLength > 5e6, `${response.writableLength} bytes wait at the server, not here`);
    t.strictSame(lost, []);
    const keepalive = setInterval(() => response.write(':\n\n'), 20);
    t.teardown(() => clearInterval(keepalive));
    taken[0]?.();
    while (seen.length < 20_002 && lost.length === 0) await new Promise(setImmediate);
    t.strictSame(lost, []);
  },
);

void t.test('An event without an end does not fill the memory.', async (t) => {
  const server = await startServer(t);
  const { lost } = start({ base: server.url, signal: signalOf(t) });
  const { response } = (await server.next()).open();
  response.write('data: ');
  for (let i = 0; i < 20; i++) response.write('x'.repeat(1024 * 1024));
  await server.next();
  t.match(lost, [{ why: 'an event is larger than 16777216 characters' }]);
});

void t.test('A signal ends it at once, connected or waiting.', async (t) => {
  const server = await startServer(t);
  for (const backoff of [{ base: 1 }, { base: 1e6, cap: 1e6, random: () => 1 }]) {
    const controller = new AbortController();
    const { ended, seen } = start({ base: server.url, backoff, signal: controller.signal });
    const exchange = await server.next();
    exchange.open();
    if (backoff.base > 1) exchange.response.end();
    while (!seen.includes(backoff.base > 1 ? 'lost' : 'open')) await new Promise(setImmediate);
    controller.abort();
    t.equal(await ended, undefined);
  }
});

/** Ends what is still following when the test is over. */
function signalOf(t: { teardown(fn: () => void): void }): AbortSignal {
  const controller = new AbortController();
  t.teardown(() => controller.abort());
  return controller.signal;
}

void t.test('Where only the past is wanted, it ends at the status behind the last of it.', async (t) => {
  const server = await startServer(t);
  const first = start({ base: server.url, query: { tail: '2' }, endsWithPast: true });
  const { response } = (await server.next()).open().event('status', {}).record(recordOf('one'), 'c1');
  response.write(`data: ${JSON.stringify(recordOf('two'))}\n\nid: c2\nevent: status\ndata: {}\n\n`);
  response.write(`data: ${JSON.stringify(recordOf('live'))}\n\n`);
  t.equal(await first.ended, undefined);
  t.strictSame(first.seen, ['open', 'status', 'one', 'two']);
  t.equal(first.cursors.at(-1), 'c2', 'the position behind the past, which the status carries');

  const nothing = start({ base: server.url, query: { tail: '2' }, endsWithPast: true });
  (await server.next()).open().event('status', {}).event('status', {});
  t.equal(await nothing.ended, undefined);
  t.strictSame(nothing.seen, ['open', 'status']);

  const filtered = start({ base: server.url, query: { level: 'error' }, endsWithPast: true });
  (await server.next()).open().response.write('id: c3\nevent: status\ndata: {}\n\n');
  t.equal(await filtered.ended, undefined);
  t.strictSame([filtered.seen, filtered.cursors], [['open'], ['c3']], 'also where none of it came');
});

void t.test('A past that the relay had nobody to ask for is no empty one.', async (t) => {
  const server = await startServer(t);
  const blind = start({ base: server.url, query: { tail: '2' }, endsWithPast: true });
  (await server.next()).open().event('status', { consolidators: 1 }).event('status', { consolidators: 0 });
  t.match(await blind.ended, /connected to no consolidator/);

  const seeing = start({ base: server.url, query: { tail: '2' }, endsWithPast: true });
  (await server.next()).open().event('status', { consolidators: 0 }).event('status', { consolidators: 1 });
  t.equal(await seeing.ended, undefined, 'it found one while it waited');
});

void t.test('A past that is cut off is asked for again from where it was.', async (t) => {
  const server = await startServer(t);
  const { ended, seen } = start({ base: server.url, query: { tail: '2' }, endsWithPast: true });
  (await server.next()).open().event('status', {}).record(recordOf('one'), 'c1').end(0);
  const second = await server.next();
  t.match(second.asked, { cursor: 'c1', url: '/v1/logs/tenant/acme' });
  second.open().event('status', {}).record(recordOf('two'), 'c2').event('status', {});
  t.equal(await ended, undefined);
  t.strictSame(seen, ['open', 'status', 'one', 'lost', 'open', 'status', 'two']);
});

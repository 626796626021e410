import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { serveMetrics } from '../../../cli/metrics/server.js';
import { spillway } from '../../support/processes.js';

const ANYWHERE = { host: '127.0.0.1', port: 0 };
const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'a_total 1\n' };

void t.test('metrics and health are served, and nothing else', async (t) => {
  const server = await serveMetrics(ANYWHERE, metrics);
  t.teardown(() => server.close());
  const scraped = await fetch(`${server.url}/metrics?x=1`);
  t.equal(await scraped.text(), 'a_total 1\n');
  t.equal(scraped.headers.get('content-type'), 'text/plain; version=0.0.4');
  t.equal(await (await fetch(`${server.url}/healthz`)).text(), 'alive\n');
  t.equal((await fetch(`${server.url}/`)).status, 404);
  const posted = await fetch(`${server.url}/metrics`, { method: 'POST', body: 'x' });
  t.equal(posted.status, 405);
  t.equal(posted.headers.get('allow'), 'GET, HEAD');
  const asked = await fetch(`${server.url}/metrics`, { method: 'HEAD' });
  t.equal(asked.headers.get('content-length'), '10');
  t.equal(await asked.text(), '');
});

void t.test('a collection that fails is a 500 that says so', async (t) => {
  const server = await serveMetrics(ANYWHERE, {
    ...metrics,
    text: () => Promise.reject(new Error('out of numbers')),
  });
  t.teardown(() => server.close());
  const answer = await fetch(`${server.url}/metrics`);
  t.equal(answer.status, 500);
  t.match(await answer.text(), 'out of numbers');
});

void t.test('without metrics there is health alone', async (t) => {
  const server = await serveMetrics(ANYWHERE, undefined);
  t.teardown(() => server.close());
  t.equal((await fetch(`${server.url}/metrics`)).status, 404);
  t.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

void t.test(
  'closing does not wait for connections that are kept alive, and may be asked twice',
  async (t) => {
    const server = await serveMetrics(ANYWHERE, metrics);
    await (await fetch(`${server.url}/healthz`)).text();
    await Promise.all([server.close(), server.close()]);
    await t.rejects(fetch(`${server.url}/healthz`));
  },
);

/** An address that is taken for as long as the test runs; undefined where `port` is somebody else's. */
async function take(t: { teardown(handler: () => unknown): void }, port: number) {
  const holder = createServer();
  holder.listen(port, '127.0.0.1');
  const held = await once(holder, 'listening').then(
    () => true,
    () => false,
  );
  if (!held) return undefined;
  t.teardown(() => holder.close());
  return (holder.address() as AddressInfo).port;
}

const ENDPOINTS = ['--publish', 'tcp://127.0.0.1:*', '--subscribe', 'tcp://127.0.0.1:*'];

void t.test('an address that is taken is told with what to do', async (t) => {
  const port = (await take(t, 0)) as number;
  await t.rejects(serveMetrics({ host: '127.0.0.1', port }, metrics), {
    code: 'listen',
    message: /EADDRINUSE.*--http off/,
  });
});

void t.test('a consolidator whose --http is taken ends with 1', async (t) => {
  const port = (await take(t, 0)) as number;
  const part = spillway(t, ['consolidator', ...ENDPOINTS, '--http', `127.0.0.1:${port}`]);
  await part.line(/Cannot serve metrics on 127\.0\.0\.1/);
  t.equal(await part.stop('SIGCONT'), 1, 'of itself: that signal ends nothing');
});

void t.test('a consolidator whose default port is taken serves records all the same', async (t) => {
  // By this test, or by whatever has it already.
  await take(t, 9_090);
  const part = spillway(t, ['consolidator', ...ENDPOINTS]);
  await part.line(/Cannot serve metrics on 127\.0\.0\.1:9090/);
  const ready = JSON.parse(await part.line(/"ready:/)) as object;
  t.notOk('http' in ready);
  t.equal(await part.stop(), 0);
});

void t.test('a consolidator says where its metrics are, and --http off turns them off', async (t) => {
  const on = spillway(t, ['consolidator', ...ENDPOINTS, '--http', '127.0.0.1:0']);
  const { http } = JSON.parse(await on.line(/"ready:/)) as { http: string };
  t.match(await (await fetch(`${http}/metrics`)).text(), /^spillway_sources\{hop="consolidator"\} 0$/m);
  t.equal(await on.stop(), 0);
  const off = spillway(t, ['consolidator', ...ENDPOINTS, '--http', 'off']);
  t.notOk('http' in (JSON.parse(await off.line(/"ready:/)) as object));
  t.equal(await off.stop(), 0);
});

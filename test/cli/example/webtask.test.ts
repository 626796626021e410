import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/example/webtask.js', import.meta.url));

function start(t: Test, ...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const text = { stdout: '', stderr: '' };
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (data: string) => (text[name] += data));
  }
  const prints = async (name: 'stdout' | 'stderr', wanted: string | RegExp) => {
    while (text[name].search(wanted) === -1) await once(child[name], 'data');
    return text[name];
  };
  const address = async () => {
    const first = await prints('stdout', /^.*\n/);
    return /^webtask listening on (http:\/\/127\.0\.0\.1:\d+)\n/.exec(first)![1]!;
  };
  return { child, text, closed, prints, address };
}

async function get(url: string) {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return { status: response.status, body: await response.text() };
}

void t.test('a function runs for each request and prints as functions do', async (t) => {
  const { address, prints, text } = start(t, '--port', '0');
  const url = await address();

  const index = await get(`${url}/`);
  t.match(index, { status: 200, body: /\/hello\?name=Ada[^]*\/burst/ });

  t.strictSame(await get(`${url}/hello?name=Grace`), { status: 200, body: 'Hello, Grace!\n' });
  await prints('stdout', 'saying hello to Grace\n');

  t.match(await get(`${url}/error`), { status: 500 });
  await prints('stderr', /about to look up an order[^]*\nError: order 3 not found\n +at fail /);

  t.match(await get(`${url}/pino`), { status: 200 });
  t.match(await get(`${url}/bunyan`), { status: 200 });
  await prints('stdout', /upstream is slow.*\n/);
  const [pino, bunyan] = text.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(pino, { level: 30, time: Number, pid: Number, hostname: String, msg: 'request completed' });
  t.match(bunyan, {
    v: 0,
    level: 40,
    name: 'webtask',
    hostname: String,
    pid: Number,
    msg: String,
    time: /Z$/,
  });

  t.match(await get(`${url}/burst?n=1234`), { status: 200, body: 'printed 1234 lines\n' });
  await prints('stdout', 'burst line 1234 of 1234\n');
  t.equal(text.stdout.match(/^burst line /gm)?.length, 1234);
});

void t.test('what cannot be answered is refused with a sentence', async (t) => {
  const { address } = start(t, '--port', '0');
  const url = await address();
  for (const n of ['0', '-1', '1.5', 'x', '1e9', '']) {
    t.match(await get(`${url}/burst?n=${n}`), { status: 400, body: /whole number/ });
  }
  t.match(await get(`${url}/nothing`), { status: 404, body: /no function at \/nothing[^]*\/hello/ });
  const posted = await fetch(`${url}/hello`, { method: 'POST' });
  t.equal(posted.status, 405);
  await posted.text();
});

void t.test('it prints by itself from time to time', async (t) => {
  const { prints } = start(t, '--port', '0', '--tick', '5');
  t.match(await prints('stdout', 'tick 2'), /tick 1: up \d+ s, waiting for requests\n/);
});

void t.test('INT and TERM end it cleanly', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { child, address, closed, text } = start(t, '--port', '0');
    await address();
    child.kill(signal);
    t.strictSame(await closed, [0, null]);
    t.match(text.stdout, `${signal}: no more requests\n`);
  }
});

void t.test('a mistake in the words ends with 2, a port that is taken with 1', async (t) => {
  for (const args of [['--port', 'x'], ['--port', '70000'], ['--tick', '0'], ['--nothing']]) {
    const { closed, text } = start(t, ...args);
    t.strictSame(await closed, [2, null]);
    t.match(text.stderr, /^webtask: .+\n$/);
  }
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { closed, text } = start(t, '--port', String((taken.address() as AddressInfo).port));
  t.strictSame(await closed, [1, null]);
  t.match(text.stderr, /^webtask: .*EADDRINUSE.*--example-port of spillway dev/);
});

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { spillway } from '../support/processes.js';
import { linesOf, readNdjson } from '../support/readers.js';

/** `spillway dev` on ports of its own; the addresses are those that it prints. */
async function dev(t: Test, ...command: readonly string[]) {
  const endpoints = ['--publish', 'tcp://127.0.0.1:*', '--subscribe', 'tcp://127.0.0.1:*'];
  const part = spillway(t, [
    'dev',
    '--listen',
    '127.0.0.1:0',
    ...endpoints,
    '--example-port',
    '0',
    ...command,
  ]);
  const read = await part.line(/curl -N \S+\/tenant\/acme\/web-1$/);
  const own = await part.line(/curl -N \S+\/system\/spillway$/);
  return { part, read: read.split(' ').at(-1) as string, own: own.split(' ').at(-1) as string };
}

void t.test(
  'the example is read with the printed curl line and speaks when the other one is called',
  async (t) => {
    const { part, read } = await dev(t);
    const [, cause] = /curl '(\S+)'$/.exec(await part.line(/cause some/)) ?? [];
    t.ok(cause, 'in quotes: its question mark is a pattern to zsh');
    const reader = await readNdjson(t, read);
    for (const path of ['/hello?name=you', '/error', '/pino', '/bunyan']) await fetch(new URL(path, cause));
    await reader.until((records) => records.some(({ level }) => level === 50) && records.length > 4);
    t.ok(linesOf(reader.records).some((line) => line.includes('you')));
    t.equal(await part.stop('SIGINT'), 130, 'Ctrl-C ends it with 130');
  },
);

void t.test('a command of the user is captured, and its end does not end the relay', async (t) => {
  const { part, own } = await dev(t, '--', 'sh', '-c', 'echo hello; exit 3');
  await part.line(/the command ended with 3/);
  t.equal((await fetch(new URL('/readyz', own))).status, 200);
  t.equal(await part.stop('SIGTERM'), 0);
});

void t.test('its metrics are where HTTP is, so that top can watch it', async (t) => {
  const { read } = await dev(t, '--', 'true');
  const { origin } = new URL(read);
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  t.match(metrics, /^spillway_records_in_total\{.*hop="consolidator"/m, 'of all parts');
  t.match(metrics, /^target_info\{.*service_name="spillway-dev"/m);
  const top = spillway(t, ['top', '--relay', origin, '--once', '--interval', '100ms']);
  t.equal(await top.ended, 0);
});

void t.test('an address that is in use is told of, with an option of its own', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const any = 'tcp://127.0.0.1:*';
  for (const [args, says] of [
    [
      ['--listen', `127.0.0.1:${port}`, '--publish', any, '--subscribe', any],
      /Cannot listen on .* another with --listen/,
    ],
    [
      ['--publish', any, '--subscribe', `tcp://127.0.0.1:${port - 1}`],
      /another with --subscribe, which takes/,
    ],
    [['--listen', '0.0.0.0:0', '--publish', any, '--subscribe', any], /must be on loopback/],
    [['--publish', 'tcp://0.0.0.0:0', '--subscribe', any], /must be on loopback/],
  ] as const) {
    const part = spillway(t, ['dev', ...args, '--', 'true']);
    await part.ended;
    t.match(part.log.join('\n'), says);
    t.notMatch(part.log.join('\n'), /--(replay|insecure|jwks|curve)/);
  }
});

void t.test('a terminal that hangs up ends it, also once its command has ended', async (t) => {
  const { part } = await dev(t, '--', 'true');
  await part.line(/the command ended with 0/);
  t.equal(await part.stop('SIGHUP'), 129);
});

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
    const cause = (await part.line(/cause some/)).split(' ').at(-1) as string;
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

void t.test('a terminal that hangs up ends it, also once its command has ended', async (t) => {
  const { part } = await dev(t, '--', 'true');
  await part.line(/the command ended with 0/);
  t.equal(await part.stop('SIGHUP'), 129);
});

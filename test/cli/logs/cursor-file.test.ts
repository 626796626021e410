import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CursorFile } from '../../../cli/logs/cursor-file.js';
import { spillway } from '../spawn.js';
import { recordOf, startServer } from '../sse-server.js';

void t.test('the next run goes on where the last one ended', async (t) => {
  const file = join(t.testdir({}), 'position');
  const server = await startServer(t);
  const words = [
    'logs',
    'acme',
    '-o',
    'raw',
    '--url',
    server.url,
    '--max-retries',
    '0',
    '--cursor-file',
    file,
  ];
  const first = spillway(t, words);
  const one = await server.next();
  t.match(one.asked, { url: '/v1/logs/tenant/acme?tail=20', cursor: undefined });
  one.open().record(recordOf('one'), '1~a.1').record(recordOf('two'), '1~a.2').end(0);
  t.equal((await first.ended).stdout, 'one\ntwo\n');
  t.equal(readFileSync(file, 'utf8'), '1~a.2\n');
  const second = spillway(t, words);
  const two = await server.next();
  t.match(two.asked, { url: '/v1/logs/tenant/acme', cursor: '1~a.2' });
  two.open().record(recordOf('three'), '1~a.3');
  await second.out.until('three');
  second.child.kill('SIGINT');
  t.equal((await second.ended).code, 130);
  t.equal(readFileSync(file, 'utf8'), '1~a.3\n', 'also when it is interrupted');
});

void t.test(
  'a file that holds no position is left as it is, and several streams have none in common',
  async (t) => {
    const dir = t.testdir({ other: 'not a position\n', empty: '' });
    const path = join(dir, 'other');
    t.throws(() => new CursorFile(path), { name: 'UsageError', message: /holds no position/ });
    t.equal(readFileSync(path, 'utf8'), 'not a position\n');
    const empty = new CursorFile(join(dir, 'empty'));
    t.equal(empty.cursor, undefined);
    empty.close();
    writeFileSync(path, '1~a.1');
    for (const words of [
      ['acme', 'other'],
      ['acme', '--sort'],
    ]) {
      const { code, stderr } = await spillway(t, ['logs', '--cursor-file', path, ...words]).ended;
      t.equal(code, 2);
      t.match(stderr, /--cursor-file/);
    }
  },
);

void t.test('a file that cannot be written is refused before anything is read', async (t) => {
  const dir = t.testdir({ folder: {}, 'taken.new': {} });
  for (const name of ['nowhere/position', 'folder', 'taken']) {
    const { code, stderr } = await spillway(t, ['logs', 'acme', '--cursor-file', join(dir, name)]).ended;
    t.equal(code, 2, name);
    t.match(stderr, /^spillway: --cursor-file cannot be (written|read): [^\n]*; see spillway logs --help\n$/);
  }
  t.throws(() => new CursorFile('/dev/null'), { name: 'UsageError', message: /is no regular file/ });
  new CursorFile(join(dir, 'position')).close();
  t.strictSame(readdirSync(dir).toSorted(), ['folder', 'taken.new'], 'a look leaves nothing behind');
});

void t.test('a file that can be written no more ends it with 1 and one sentence', async (t) => {
  // In the midst of it, at its end, and on the way out after a signal.
  for (const way of ['midst', 'end', 'signal'] as const) {
    const dir = join(t.testdir({}), way);
    mkdirSync(dir);
    const server = await startServer(t);
    const words = ['logs', 'acme', '-o', 'raw', '--url', server.url, '--max-retries', '0'];
    const { child, out, ended } = spillway(t, [...words, '--cursor-file', join(dir, 'position')]);
    const exchange = (await server.next()).open();
    rmSync(dir, { recursive: true });
    exchange.record(recordOf('one'), '1~a.1');
    await out.until('one');
    if (way === 'end') exchange.end(0);
    if (way === 'signal') child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    t.strictSame({ code, stdout }, { code: 1, stdout: 'one\n' }, way);
    t.match(
      stderr,
      /^(spillway: closed by the server\n)?spillway: the position cannot be kept: ENOENT[^\n]*\n$/,
      way,
    );
  }
});

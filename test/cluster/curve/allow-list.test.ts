import { renameSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { generateKeyPair, openAllowList, type AllowListHooks } from '../../../cluster/curve/index.js';
import { Inbox } from '../../support/zmq.js';

const [A, B] = [generateKeyPair().publicKey, generateKeyPair().publicKey];

async function open(t: Test, text: string) {
  const path = `${t.testdir({ keys: text })}/keys`;
  const news = new Inbox<string>();
  const hooks: AllowListHooks = {
    onAllowList: ({ size }, removed) => news.put(`${size} keys, ${removed} gone`),
    onAllowListProblem: ({ message }) => news.put(message),
  };
  const list = await openAllowList(path, hooks, 10);
  t.teardown(() => list.close());
  return { list, news, path };
}

void t.test('keys come one a line, with names and comments', async (t) => {
  const { list } = await open(t, `# relays\n\n${A} relay-1\n  ${B}\n`);
  t.equal(list.size, 2);
  t.ok(list.has(A) && list.has(B));
  t.notOk(list.has('relay-1'));
});

void t.test('a changed file counts at once, also one that takes its place', async (t) => {
  const { list, news, path } = await open(t, `${A}\n`);
  writeFileSync(path, `${A}\n${B}\n`);
  await news.until(({ length }) => length === 1);
  t.ok(list.has(B));
  writeFileSync(`${path}.new`, `${B}\n`);
  renameSync(`${path}.new`, path);
  await news.until(({ length }) => length === 2);
  t.notOk(list.has(A));
  writeFileSync(path, '# nobody\n');
  await news.until(({ length }) => length === 3);
  t.equal(list.size, 0);
  t.strictSame(news.items, ['2 keys, 0 gone', '1 keys, 1 gone', '0 keys, 1 gone']);
});

void t.test('a file that is broken keeps the last good list, and says so once', async (t) => {
  const { list, news, path } = await open(t, `${A}\n`);
  for (const [text, says] of [
    [`${A}\nsome words\n`, /line 2 does not begin with a CURVE key.*: the last good one stays/],
    ['', /it is empty/],
    [`${A}\n${B}`, /its last line has no end/],
  ] as const) {
    const told = news.items.length;
    writeFileSync(path, text);
    await news.until(({ length }) => length > told);
    t.match(news.items.at(-1), says);
    t.ok(list.has(A));
    t.notOk(list.has(B));
  }
  writeFileSync(path, `${B}\n`);
  await news.until((items) => items.at(-1) === '1 keys, 1 gone');
  t.notOk(list.has(A));
  t.equal(news.items.length, 4, 'each told once, however often it was looked at');
});

void t.test('a list that cannot be used at the start is an error', async (t) => {
  const folder = t.testdir({ empty: '', words: 'let me in\n' });
  for (const name of ['empty', 'words', 'absent']) {
    await t.rejects(openAllowList(`${folder}/${name}`), {
      code: 'key',
      message: /^The allow-list .* cannot be used/,
    });
  }
});

void t.test('of a list that is not there it is said how one is made', async (t) => {
  await t.rejects(openAllowList(`${t.testdir()}/absent`), {
    message: /ENOENT.*: it has one public key a line, such as from cat web\.pub > .*absent\.$/,
  });
});

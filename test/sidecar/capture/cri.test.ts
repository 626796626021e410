import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { attachCri, type CriContainer, type CriOptions } from '../../../sidecar/capture/index.js';
import { Witness } from './events.js';

const line = (text: string, tag = 'F', stream = 'stdout', time = new Date()) =>
  `${time.toISOString()} ${stream} ${tag} ${text}\n`;

const QUICK = { pollMs: 10, scanMs: 20, goneMs: 20 };

/** Follows `path` with one witness for all of its containers. */
function follow(t: Test, path: string, options: Partial<CriOptions> = {}) {
  const witness = new Witness();
  const opened: CriContainer[] = [];
  const closed: string[] = [];
  const capture = attachCri(path, {
    ...QUICK,
    onLife: witness.onLife,
    open(container) {
      opened.push(container);
      return { sink: witness, onLife: witness.onLife, close: () => closed.push(container.file) };
    },
    ...options,
  });
  t.teardown(() => capture.close());
  return { witness, opened, closed, capture };
}

void t.test('A file is read as it grows, with the times that are in it.', async (t) => {
  const file = join(t.testdir({ 'x.log': '' }), 'x.log');
  const { witness, opened } = follow(t, file);
  await witness.lives('started');
  const time = new Date(Date.now() - 1000);
  appendFileSync(file, line('one', 'F', 'stdout', time));
  await witness.says('stdout one');
  t.strictSame(witness.times, [time.getTime()]);
  appendFileSync(file, line('tw', 'P', 'stderr'));
  appendFileSync(file, line('o', 'F', 'stderr'));
  await witness.says('stderr two');
  t.match(opened, [{ file, labels: undefined }]);
});

void t.test('Of a log that is there already only what is recent comes; of a new one, all.', async (t) => {
  const folder = t.testdir();
  const old = line('old', 'F', 'stdout', new Date(Date.now() - 60_000));
  writeFileSync(join(folder, 'a.log'), old + line('recent a'));
  const { witness } = follow(t, folder);
  await witness.says('stdout recent a');
  writeFileSync(join(folder, 'b.log'), old + line('recent b'));
  await witness.says('stdout recent b');
  t.strictSame(witness.lines.items, ['stdout recent a', 'stdout old', 'stdout recent b']);
});

void t.test(
  'A rotation by rename loses nothing, also not what is written to the old file late.',
  async (t) => {
    const folder = t.testdir({ '0.log': line('one') });
    const file = join(folder, '0.log');
    const { witness } = follow(t, file);
    await witness.says('stdout one');
    renameSync(file, `${file}.20260101-000000`);
    appendFileSync(`${file}.20260101-000000`, line('late'));
    writeFileSync(`${file}.20251231-000000.gz`, 'not for us');
    writeFileSync(file, line('two'));
    await witness.says('stdout two');
    appendFileSync(file, line('three'));
    await witness.says('stdout three');
    t.strictSame(witness.lines.items, ['stdout one', 'stdout late', 'stdout two', 'stdout three']);
    t.strictSame(
      witness.life.items.map(({ kind }) => kind),
      ['started'],
      'it is the same run of the container',
    );
  },
);

void t.test(
  'What is printed between the renaming of a file and the opening of the next is read.',
  async (t) => {
    const folder = t.testdir({ '0.log': line('one') });
    const file = join(folder, '0.log');
    const { witness } = follow(t, file, { goneMs: 60_000 });
    await witness.says('stdout one');
    renameSync(file, `${file}.20260101-000000`);
    for (const text of ['two', 'three', 'four']) {
      appendFileSync(`${file}.20260101-000000`, line(text));
      await witness.says(`stdout ${text}`);
      await sleep(30); // It is looked at meanwhile, more than once.
    }
    writeFileSync(file, line('five'));
    await witness.says('stdout five');
    t.strictSame(
      witness.lines.items,
      ['one', 'two', 'three', 'four', 'five'].map((text) => `stdout ${text}`),
    );
    t.strictSame(
      witness.life.items.map(({ kind }) => kind),
      ['started'],
      'it was there all along',
    );
  },
);

void t.test('A next file that is not there when it is to be opened is looked for again.', async (t) => {
  const folder = t.testdir({ '0.log': line('one') });
  const { witness } = follow(t, folder);
  await witness.says('stdout one');
  symlinkSync(join(folder, 'elsewhere'), join(folder, '1.log'));
  await sleep(100);
  appendFileSync(join(folder, '0.log'), line('two'));
  await witness.says('stdout two');
  writeFileSync(join(folder, 'elsewhere'), line('three'));
  await witness.says('stdout three');
  t.strictSame(witness.lines.items, ['stdout one', 'stdout two', 'stdout three']);
  t.strictSame(
    witness.life.items.map(({ kind }) => kind),
    ['started', 'ended', 'started'],
  );
});

void t.test('Files that were rotated away while it waited are read in their order.', async (t) => {
  const folder = t.testdir({ '0.log': line('one') });
  const file = join(folder, '0.log');
  const { witness, capture } = follow(t, file);
  await witness.says('stdout one');
  capture.pause();
  for (const [name, text] of [
    ['a', 'two'],
    ['b', 'three'],
    ['c', 'four'],
  ] as const) {
    renameSync(file, `${file}.2026-${name}`);
    await sleep(20); // The order is that of the files' times.
    writeFileSync(file, line(text));
  }
  capture.resume();
  await witness.says('stdout four');
  t.strictSame(witness.lines.items, ['stdout one', 'stdout two', 'stdout three', 'stdout four']);
});

void t.test('What was compressed before it was read is told of.', async (t) => {
  const folder = t.testdir({ '0.log': line('one') });
  const file = join(folder, '0.log');
  const { witness, capture } = follow(t, file);
  await witness.says('stdout one');
  capture.pause();
  await sleep(20);
  rmSync(file);
  writeFileSync(`${file}.1.gz`, 'ours, compressed');
  writeFileSync(`${file}.2.gz`, 'one that we never saw');
  writeFileSync(file, line('three'));
  capture.resume();
  await witness.says('stdout three');
  t.match(await witness.lives('lost'), [{ msg: /^1 rotated files .* were compressed/ }]);
});

for (const [how, cut] of [
  ['emptied', (file: string) => truncateSync(file)],
  ['written anew, longer than before', (file: string) => writeFileSync(file, line('x'.repeat(500)))],
] as const) {
  void t.test(`A file that is ${how} is read from its beginning, and it is told of.`, async (t) => {
    const file = join(t.testdir({ 'x.log': line('one') + line('open', 'P') }), 'x.log');
    const { witness } = follow(t, file);
    await witness.says('stdout one');
    cut(file);
    await witness.lives('lost');
    appendFileSync(file, line('two'));
    await witness.says('stdout two');
    t.equal(witness.lines.items[1], 'stdout open', 'a partial is not joined over it');
  });
}

void t.test('A container that is started again logs to the next number.', async (t) => {
  const folder = t.testdir({ shop_web_1: { app: { '0.log': line('one') + line('cut off', 'P') } } });
  const app = join(folder, 'shop_web_1', 'app');
  const { witness, opened } = follow(t, join(app, '0.log'));
  await witness.says('stdout one');
  writeFileSync(join(app, '1.log'), line('two'));
  await witness.says('stdout two');
  t.strictSame(witness.lines.items, ['stdout one', 'stdout cut off', 'stdout two'], 'no join over a restart');
  t.strictSame(
    witness.life.items.map(({ kind }) => kind),
    ['started', 'ended', 'started'],
  );
  t.match(opened, [{ labels: { namespace: 'shop', pod: 'web', container: 'app' } }], 'one container');
});

void t.test('A folder of pods is followed as a whole, as pods come and go.', async (t) => {
  const folder = t.testdir({ shop_web_1: { app: { '0.log': line('one') } } });
  const { witness, opened, closed } = follow(t, folder);
  await witness.says('stdout one');
  mkdirSync(join(folder, 'shop_db_2', 'main'), { recursive: true });
  writeFileSync(join(folder, 'shop_db_2', 'main', '0.log'), line('two'));
  writeFileSync(join(folder, 'shop_db_2', 'main', '0.log.1.gz'), 'no');
  await witness.says('stdout two');
  t.strictSame(
    opened.map(({ labels }) => labels?.pod),
    ['web', 'db'],
  );
  rmSync(join(folder, 'shop_web_1'), { recursive: true });
  await witness.lives('ended');
  while (closed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.strictSame(closed, [opened[0]?.file]);
});

void t.test('A pattern names files of many folders.', async (t) => {
  const folder = t.testdir({
    shop_web_1: { app: { '0.log': line('yes') } },
    shop_db_2: { app: { '0.log': line('yes too') } },
    else_db_3: { app: { '0.log': line('no') } },
  });
  const { witness, opened } = follow(t, join(folder, 'shop_*', '*', '?.log'));
  await witness.says('stdout yes');
  await witness.says('stdout yes too');
  t.equal(opened.length, 2);
});

void t.test('A file of another format is handed on as it is, and told of once.', async (t) => {
  const file = join(t.testdir({ 'x.log': '{"log":"one"}\n{"log":"two"}\n' }), 'x.log');
  const { witness } = follow(t, file);
  await witness.says('stdout {"log":"two"}');
  t.match(await witness.lives('lost'), [{ msg: /not in the CRI format/ }]);
});

void t.test('Where there is nothing yet it says so, and waits.', async (t) => {
  const file = join(t.testdir(), 'x.log');
  const { witness } = follow(t, file);
  t.match(await witness.lives('lost'), [{ msg: /nothing to follow at .*x\.log yet/ }]);
  writeFileSync(file, line('one'));
  await witness.says('stdout one');
});

void t.test('There is a most to how many are followed, and it says so once.', async (t) => {
  const folder = t.testdir({ 'a.log': line('a'), 'b.log': line('b'), 'c.log': line('c') });
  const { witness, opened } = follow(t, folder, { maxContainers: 2 });
  await witness.says('stdout b');
  t.match(await witness.lives('lost'), [{ msg: /^1 containers are not followed: 2 are/ }]);
  t.equal(opened.length, 2);
  rmSync(join(folder, 'a.log'));
  await witness.says('stdout c');
});

void t.test('What had to wait for a place is read from where it would have been.', async (t) => {
  const old = line('old', 'F', 'stdout', new Date(Date.now() - 60_000));
  const folder = t.testdir({ 'a.log': line('a'), shop_db_1: { main: { '0.log': old + line('db') } } });
  const { witness } = follow(t, folder, { maxContainers: 1 });
  await witness.says('stdout a');
  await witness.lives('lost');
  writeFileSync(join(folder, 'shop_db_1', 'main', '1.log'), line('db again'));
  rmSync(join(folder, 'a.log'));
  await witness.says('stdout db again');
  writeFileSync(join(folder, 'z.log'), `${old}${line('z')}`);
  rmSync(join(folder, 'shop_db_1'), { recursive: true });
  await witness.says('stdout z');
  t.strictSame(
    witness.lines.items,
    ['a', 'db', 'db again', 'old', 'z'].map((text) => `stdout ${text}`),
  );
});

void t.test('While it is told to wait it reads nothing, and what is declined stays so.', async (t) => {
  const folder = t.testdir({ 'a.log': line('a'), 'b.log': line('b') });
  let asked = 0;
  const witness = new Witness();
  const capture = attachCri(folder, {
    ...QUICK,
    open(container) {
      asked += 1;
      if (container.file.endsWith('b.log')) return undefined;
      return { sink: witness, onLife: witness.onLife, close: () => undefined };
    },
  });
  await witness.says('stdout a');
  capture.pause();
  appendFileSync(join(folder, 'a.log'), line('later'));
  await sleep(60);
  t.strictSame(witness.lines.items, ['stdout a']);
  capture.resume();
  await witness.says('stdout later');
  t.equal(asked, 2);
  appendFileSync(join(folder, 'a.log'), line('last'));
  capture.stop();
  t.strictSame(await capture.ended, { code: 0, held: [] });
  t.equal(witness.lines.items.at(-1), 'stdout last', 'what is there is handed over at the end');
});

/** More than one turn of the event loop reads. */
const BACKLOG = 40_000;

function backlog(from: number): string {
  const time = new Date();
  const lines = Array.from({ length: BACKLOG }, (_, i) => line(`line ${from + i}`, 'F', 'stdout', time));
  return lines.join('');
}

void t.test('Told to stop, it hands over all that is there, in later files too.', async (t) => {
  const folder = t.testdir({ shop_web_1: { app: { '0.log': line('one') } } });
  const app = join(folder, 'shop_web_1', 'app');
  const file = join(app, '0.log');
  const { witness, capture, closed } = follow(t, folder, { scanMs: 60_000, drainTimeoutMs: 60_000 });
  await witness.says('stdout one');
  capture.pause();
  appendFileSync(file, backlog(0));
  renameSync(file, `${file}.20260101-000000`);
  writeFileSync(file, backlog(BACKLOG));
  writeFileSync(join(app, '1.log'), line('the next run'));
  mkdirSync(join(folder, 'shop_web_1', 'init'));
  writeFileSync(join(folder, 'shop_web_1', 'init', '0.log'), line('came just before'));
  capture.stop();
  await witness.says('stdout came just before');
  t.equal(witness.lines.items.length, 2, 'who says pause is obeyed');
  capture.resume();
  t.strictSame(await capture.ended, { code: 0, held: [] });
  const expected = Array.from({ length: 2 * BACKLOG }, (_, i) => `stdout line ${i}`);
  t.strictSame(witness.lines.items.slice(2), [...expected, 'stdout the next run']);
  t.notOk(witness.life.items.some(({ kind }) => kind === 'lost'));
  t.equal(closed.length, 2);
});

void t.test('What cannot be handed over before the deadline is told of, in bytes.', async (t) => {
  const folder = t.testdir({ '0.log': line('one') });
  const file = join(folder, '0.log');
  const { witness, capture } = follow(t, folder, { drainTimeoutMs: 20 });
  await witness.says('stdout one');
  capture.pause();
  const more = line('two');
  appendFileSync(file, more);
  renameSync(file, `${file}.20260101-000000`);
  writeFileSync(file, more);
  writeFileSync(join(folder, '1.log'), more);
  capture.stop();
  t.strictSame(await capture.ended, { code: 0, held: [] });
  const bytes = 3 * more.length;
  t.match(await witness.lives('lost'), [
    { msg: `${bytes} bytes of ${file} were not read before the end`, fields: { file, bytes } },
  ]);
  t.strictSame(witness.lines.items, ['stdout one']);
});

void t.test('Closed while it hands over the rest, it reads no more.', async (t) => {
  const file = join(t.testdir({ 'x.log': line('one') }), 'x.log');
  const { witness, capture, closed } = follow(t, file, { drainTimeoutMs: 60_000 });
  await witness.says('stdout one');
  capture.pause();
  appendFileSync(file, line('two'));
  capture.stop();
  capture.close();
  t.strictSame(await capture.ended, { code: 0, held: [] });
  t.strictSame(witness.lines.items, ['stdout one']);
  t.equal(closed.length, 1);
});

import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { watchFile } from '../../cluster/file.js';
import { sinkTo, Told } from './twin.js';

const [A, B, C] = ['tcp://10.0.0.1:5556', 'tcp://10.0.0.2:5556', 'tcp://10.0.0.3:5556'];

interface Test {
  teardown(handler: () => unknown): void;
}

async function setUp(t: Test, first?: string, poll = 60_000) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-file-'));
  const path = join(folder, 'consolidators');
  if (first !== undefined) await writeFile(path, first);
  const told = new Told();
  const sink = sinkTo(told);
  const source = watchFile(path, sink, poll);
  t.teardown(async () => {
    await source.close();
    await rm(folder, { recursive: true });
  });
  /** As it should be done. */
  const replace = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  return { told, sink, path, folder, source, replace };
}

void t.test('lines and JSON say the same, and a change of either is seen', async (t) => {
  const { told, path, replace } = await setUp(t, `# VMs\n${A}\n\n  ${B} replay=tcp://10.0.0.2:6000 \r\n`);
  await told.untilKnown(A, B);
  t.equal(told.entries[1]?.replay, 'tcp://10.0.0.2:6000');
  await replace(JSON.stringify([B, { id: 'run-3', subscribe: C, version: 1 }]));
  await told.untilKnown(B, C);
  await writeFile(path, `${A}\n`);
  await told.untilKnown(A);
  await replace('[]');
  await told.untilKnown();
  await replace(`${B}\n`);
  await told.untilKnown(B);
  await replace('# none today\n');
  await told.untilKnown();
});

void t.test('a file that is not whole keeps what was known, and says so', async (t) => {
  const { told, path, replace } = await setUp(t, `${A}\n${B}\n`);
  await told.untilKnown(A, B);
  for (const [text, says] of [
    ['', /is empty/],
    [`${A}\ntcp://10.0.0`, /last line without an end/],
    [`["${A}", "tcp:`, /no whole JSON/],
  ] as const) {
    const before = told.problems.length;
    await writeFile(path, text);
    await told.until(() => says.test(told.sentences.slice(before).join('\n')));
    t.strictSame(told.endpoints, [A, B], text);
    t.match(told.sentences.at(-1), /what was known before stays/);
  }
  await rm(path);
  await told.until(() => /ENOENT/.test(told.sentences.at(-1) ?? ''));
  t.strictSame(told.endpoints, [A, B], 'missing');
  t.strictSame(told.recovered, []);
  await replace(`${C}\n`);
  await told.untilKnown(C);
  await told.until(() => told.recovered.length === 1);
});

void t.test('a line that says nothing is left out, and the others count', async (t) => {
  const { told } = await setUp(t, `${A}\nnonsense\n${B}\n`);
  await told.until(() => told.problems.length === 1);
  t.strictSame(told.endpoints, [A, B]);
  t.match(told.sentences[0], /Entry 2 is left out: "nonsense" is nothing to connect to/);
  t.equal(told.problems[0]?.error.code, 'entry');
});

void t.test('a file that is not there yet is found by looking, where nothing tells of it', async (t) => {
  const { told, folder, source } = await setUp(t, undefined, 20);
  await told.until(() => told.problems.length > 0);
  await source.close();
  const path = join(folder, 'later', 'list');
  const later = watchFile(path, sinkTo(told), 20);
  t.teardown(() => later.close());
  await mkdir(join(folder, 'later'));
  await writeFile(path, `${A}\n`);
  await told.untilKnown(A);
});

void t.test('a file without an end is not read', async (t) => {
  const { told, replace } = await setUp(t, `${A}\n`);
  await told.untilKnown(A);
  await replace(`# ${'x'.repeat(5_000_000)}\n`);
  await told.until(() => told.problems.length > 0);
  t.match(told.sentences[0], /is the limit/);
  t.strictSame(told.endpoints, [A]);
});

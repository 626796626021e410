import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { splitSources, watchConsolidators, type SourceSettings } from '../../cluster/index.js';
import { Told } from './twin.js';

const [A, B, C] = ['tcp://10.0.0.1:5556', 'tcp://10.0.0.2:5556', 'tcp://10.0.0.3:5556'];

interface Test {
  teardown(handler: () => unknown): void;
}

function watch(t: Test, sources: string | readonly string[], settings?: SourceSettings) {
  const told = new Told();
  const discovery = watchConsolidators(sources, told, settings);
  t.teardown(() => discovery.close());
  return { told, discovery };
}

async function listIn(
  t: Test,
  text: string,
): Promise<{ path: string; replace: (text: string) => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-discovery-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'list');
  await writeFile(path, text);
  const replace = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  return { path, replace };
}

void t.test('a list is known at once', async (t) => {
  const { told, discovery } = watch(t, `static:${B}, ${A} replay=tcp://10.0.0.1:6000,`);
  t.strictSame(told.sets, [[A, B]]);
  t.strictSame(discovery.stats, { entries: 2, changes: 1, problems: 0, age: 0 });
  await discovery.close();
  await discovery.close();
});

void t.test('several sources are one set, and each consolidator is in it once', async (t) => {
  const file = await listIn(t, `${B}\n${C}\n`);
  const { told, discovery } = watch(t, [`static:${A},${B}`, `file:${file.path}`, `file:${file.path}`]);
  await told.untilKnown(A, B, C);
  await file.replace(`${C}\n`);
  await file.replace(`${B}\n`);
  await told.untilKnown(A, B);
  t.ok(discovery.stats.age < 1_000);
  t.ok(discovery.stats.changes >= 3);
});

void t.test('a change of order is no change', async (t) => {
  const file = await listIn(t, `${A}\n${B}\n`);
  const { told, discovery } = watch(t, `file:${file.path}`);
  await told.untilKnown(A, B);
  await file.replace(`${B}\n${A}\n`);
  await file.replace(`${B}\n${A}\n${C}\n`);
  await told.untilKnown(A, B, C);
  t.equal(discovery.stats.changes, 2);
});

void t.test('what lasts is told once, and its end too', async (t) => {
  const file = await listIn(t, `${A}\n`);
  const { told, discovery } = watch(t, `file:${file.path}`, { poll: 10 });
  await told.untilKnown(A);
  await rm(file.path);
  await told.until(() => told.problems.length === 1);
  const wait = async () => {
    const before = discovery.stats.problems;
    while (discovery.stats.problems < before + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await wait();
  t.equal(told.problems.length, 1);
  t.match(told.problems[0], { source: `file:${file.path}`, error: { code: 'unreachable' } });
  t.ok(discovery.stats.age > 0);
  await file.replace(`${A}\n`);
  await told.until(() => told.recovered.length === 1);
  await rm(file.path);
  await told.until(() => told.problems.length === 2);
});

void t.test('names are looked up before they are told', async (t) => {
  const { told } = watch(t, 'static:tcp://vm-1:5556,tcp://vm-2:5556', {
    lookup: async (name) => {
      if (name === 'vm-2') throw new Error('ENOTFOUND');
      return ['10.0.0.1'];
    },
  });
  await told.untilKnown(A);
  t.match(told.problems[0], { source: 'names', error: { message: /vm-2 leads nowhere/ } });
});

void t.test('more consolidators than a relay can follow are cut off and told of', async (t) => {
  const lines = Array.from({ length: 10_001 }, (_, i) => `tcp://10.0.${i >> 8}.${i & 255}:5556\n`);
  const file = await listIn(t, lines.join(''));
  const { told } = watch(t, `file:${file.path}`);
  await told.until(() => told.problems.length === 1);
  t.match(told.sentences[0], /more than 10000/);
  await told.until(() => told.entries.length === 10_000);
});

void t.test('an address that is none is refused with one that would be', async (t) => {
  for (const [url, says] of [
    ['', /etcd:\/\/10\.0\.0\.1:2379\/spillway/],
    ['consul://h', /etcd:\/\//],
    ['static:nonsense', /such as tcp:/],
    ['file:', /file:\/etc/],
    ['file:///etc/list', /file:\/etc/],
    ['dns:vms.internal', /dns:consolidators\.internal:5556/],
    ['dns:vms.internal:0', /dns:consolidators\.internal:5556/],
    ['dns+srv:a b', /dns\+srv:_spillway/],
    ['etcd://', /etcd:\/\/10/],
  ] as const) {
    t.throws(() => watchConsolidators(['static:', url], new Told()), { message: says }, url);
  }
});

void t.test('commas part addresses, and the hosts of one', async (t) => {
  t.strictSame(
    splitSources([
      'etcd://a:2379',
      'b:2379/x',
      'dns:vms:5556,file:/a',
      'static:tcp://a:1,tcp://b:1',
      'etcds://c:1',
    ]),
    ['etcd://a:2379,b:2379/x', 'dns:vms:5556', 'file:/a', 'static:tcp://a:1,tcp://b:1', 'etcds://c:1'],
  );
  t.strictSame(splitSources([]), []);
});

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { spillway } from '../cli/spawn.js';
import { needsPodman, Podman } from './podman.js';

type Said = Readonly<Record<string, unknown>>;

const records = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Said);

/** What a record says, whoever captured it: an engine gives its times in whole seconds, a file in nanoseconds. */
function essence(said: Said): Said {
  return Object.fromEntries(
    Object.entries(said).filter(([key]) => !['time', 'pid', 'hostname'].includes(key)),
  );
}

const byStream = (all: readonly Said[]) =>
  all.toSorted((a, b) => String(a['stream']).localeCompare(String(b['stream']))).map(essence);

/** A sidecar that follows a source and prints what it would send. */
function print(t: Test, source: string, ...options: string[]) {
  const whose = ['--tenant', 'acme', '--container', 'web-1'];
  const run = spillway(t, [
    'sidecar',
    '--print',
    '--history',
    '1h',
    '--source',
    source,
    ...whose,
    ...options,
  ]);
  const stop = async () => {
    run.child.kill('SIGTERM');
    const { code, stdout, stderr } = await run.ended;
    return {
      code,
      records: records(stdout),
      life: records(stderr).filter((said) => said['event'] !== undefined),
    };
  };
  /** Waits for the n-th end of a run. */
  const ends = async (count = 1) => {
    while (run.err.text.split('"event":"ended"').length <= count) await sleep(10);
  };
  return { ...run, stop, ends };
}

void t.test('Real containers', { skip: needsPodman() }, async (t) => {
  const podman = await Podman.start(t);
  const docker = (name: string) => `docker:${name}@${podman.socket}`;

  await t.test(
    'The same container gives the same records through its file and through the API.',
    async (t) => {
      const { name, log } = podman.create(
        `echo one; echo two >&2; printf 'a line in '; sleep 0.2; echo parts; echo; echo '  spaces  '
       echo '{"level":"warn","msg":"json","n":1}'; printf 'caf\\303\\251 \\377\\n'
       head -c 40000 /dev/zero | tr '\\0' x; echo; echo last line; printf 'without an end' >&2; exit 3`,
      );
      const api = print(t, docker(name));
      const cri = print(t, `cri:${log}`);
      podman.run('start', name);
      await api.ends();
      await cri.out.until('last line');
      const [fromApi, fromFile] = [await api.stop(), await cri.stop()];
      t.equal(fromApi.records.length, 10);
      t.strictSame(byStream(fromApi.records), byStream(fromFile.records));
      t.match(
        fromApi.records.find(({ msg }) => String(msg).startsWith('xxx')),
        { msg: 'x'.repeat(40_000) },
      );
      t.match(fromApi.life, [{ event: 'started' }, { event: 'ended', code: 3 }]);
      t.equal(fromApi.code, 0, 'told to stop, it has done what it was there for');
    },
  );

  await t.test('A container that is restarted is followed, and each line comes once.', async (t) => {
    const { name } = podman.create(
      `trap 'echo stopping; exit 7' TERM; echo started; while :; do sleep 0.1; done`,
    );
    const api = print(t, docker(name));
    podman.run('start', name);
    await api.out.until('"started"');
    podman.run('restart', name);
    await api.ends();
    podman.run('stop', name);
    await api.ends(2);
    const { records, life } = await api.stop();
    t.strictSame(
      records.map(({ msg }) => msg),
      ['started', 'stopping', 'started', 'stopping'],
    );
    t.match(
      life.filter(({ event }) => event !== 'lost'),
      [{ event: 'started' }, { event: 'ended', code: 7 }, { event: 'started' }, { event: 'ended', code: 7 }],
    );
  });

  await t.test('A megabyte without a newline is one record, cut at the limit and marked.', async (t) => {
    const { name, log } = podman.create(`head -c 1048576 /dev/zero | tr '\\0' y; echo; echo after`);
    const api = print(t, docker(name));
    const cri = print(t, `cri:${log}`);
    podman.run('start', name);
    await Promise.all([api.out.until('after'), cri.out.until('after')]);
    for (const { records } of [await api.stop(), await cri.stop()]) {
      t.match(records, [{ msg: 'y'.repeat(256 * 1024), truncated: 1_048_576 }, { msg: 'after' }]);
    }
  });

  await t.test('A container with a terminal has one output, without frames.', async (t) => {
    const { name, log } = podman.create('echo one; echo two >&2; printf prompt; exit 2', '--tty');
    const api = print(t, docker(name));
    const cri = print(t, `cri:${log}`);
    podman.run('start', name);
    await api.ends();
    await cri.out.until('two');
    const [fromApi, fromFile] = [await api.stop(), await cri.stop()];
    t.match(fromApi.records.map(essence), [
      { msg: 'one', stream: 'stdout', level: 30 },
      { msg: 'two', stream: 'stdout' },
      { msg: 'prompt', stream: 'stdout' },
    ]);
    t.strictSame(byStream(fromFile.records), byStream(fromApi.records));
    t.match(fromApi.life.at(-1), { event: 'ended', code: 2 });
  });

  await t.test('An image that has but a shell writes into FIFOs on a shared folder.', async (t) => {
    const { name } = podman.create(
      'mkfifo /shared/out /shared/err; exec >/shared/out 2>/shared/err; echo one; echo two >&2',
      `--volume=${podman.folder}:/shared`,
    );
    const [out, err] = [join(podman.folder, 'out'), join(podman.folder, 'err')];
    const fifo = print(t, `fifo:${out},${err}`);
    podman.run('start', name);
    await fifo.ends(2);
    const { records } = await fifo.stop();
    t.match(byStream(records), [
      { msg: 'two', stream: 'stderr', level: 50 },
      { msg: 'one', stream: 'stdout', level: 30 },
    ]);
  });
});

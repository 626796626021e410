import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { attachFifo, type FifoPaths } from '../../../sidecar/capture/index.js';
import { Witness } from './events.js';

function mkfifo(...paths: string[]): void {
  const { status, error } = spawnSync('mkfifo', paths);
  if (status !== 0) throw error ?? new Error(`mkfifo ended with ${status}`);
}

function follow(t: Test, paths: FifoPaths, drainTimeoutMs = 2_000) {
  const witness = new Witness();
  const options = { onLife: witness.onLife, lookMs: 10, drainTimeoutMs };
  const capture = attachFifo(paths, witness, options);
  t.teardown(() => capture.close());
  return { witness, capture };
}

/** As a container does: its command's outputs go to the FIFOs. */
async function write(script: string): Promise<void> {
  await once(spawn('sh', ['-c', script], { stdio: 'ignore' }), 'exit');
}

void t.test('FIFOs that appear later are read, each as its own output.', async (t) => {
  const folder = t.testdir();
  const [stdout, stderr] = [join(folder, 'out'), join(folder, 'err')];
  const { witness } = follow(t, { stdout, stderr });
  await new Promise((resolve) => setTimeout(resolve, 30));
  mkfifo(stdout, stderr);
  await write(`exec >${stdout} 2>${stderr}; echo one; echo two >&2`);
  await witness.says('stdout one');
  await witness.says('stderr two');
  t.match(await witness.lives('ended', 2), [{ kind: 'ended' }, { kind: 'ended' }]);
});

void t.test('Writers come and go: each is told of, and no line is joined to the next one’s.', async (t) => {
  const stdout = join(t.testdir(), 'out');
  mkfifo(stdout);
  const { witness } = follow(t, { stdout });
  for (const [count, text] of ['one\\n', 'two, cut off', 'three\\n'].entries()) {
    await write(`printf '${text}' >${stdout}`);
    await witness.lives('ended', count + 1);
  }
  t.strictSame(witness.lines.items, ['stdout one', 'stdout two, cut off', 'stdout three']);
  t.strictSame(
    witness.life.items.map(({ kind }) => kind),
    ['started', 'ended', 'started', 'ended', 'started', 'ended'],
  );
});

void t.test('A hundred writers that come close upon each other lose nothing.', async (t) => {
  const stdout = join(t.testdir(), 'out');
  mkfifo(stdout);
  const { witness } = follow(t, { stdout });
  await write(`i=0; while [ $i -lt 100 ]; do echo line $i >${stdout}; i=$((i+1)); done`);
  await witness.says('stdout line 99');
  t.strictSame(
    witness.lines.items,
    Array.from({ length: 100 }, (_, i) => `stdout line ${i}`),
  );
});

void t.test('Waiting for a writer takes no processor.', async (t) => {
  const stdout = join(t.testdir(), 'out');
  mkfifo(stdout);
  const { witness } = follow(t, { stdout });
  await write(`echo one >${stdout}`);
  await witness.lives('ended');
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { user, system } = process.cpuUsage(before);
  t.ok(user + system < 150_000, `${user + system} µs in 300 ms`);
});

void t.test(
  'A FIFO that is made anew is read anew, and what stood in the old one is not lost.',
  async (t) => {
    const stdout = join(t.testdir(), 'out');
    mkfifo(stdout);
    const { witness, capture } = follow(t, { stdout });
    await write(`echo one >${stdout}`);
    await witness.says('stdout one');
    capture.pause();
    await write(`echo two >${stdout}`);
    rmSync(stdout);
    mkfifo(stdout);
    await witness.lives('lost');
    capture.resume();
    await write(`echo three >${stdout}`);
    await witness.says('stdout three');
    t.strictSame(witness.lines.items, ['stdout one', 'stdout two', 'stdout three']);
  },
);

void t.test('What is no FIFO is told of once, and read as soon as it is one.', async (t) => {
  const stdout = join(t.testdir({ out: 'a file' }), 'out');
  const { witness } = follow(t, { stdout });
  await witness.lives('lost');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(witness.life.items, [{ kind: 'lost', msg: /is no FIFO/ }]);
  rmSync(stdout);
  mkfifo(stdout);
  await write(`echo one >${stdout}`);
  await witness.says('stdout one');
});

void t.test('Told to stop, it waits for the last word of who writes, up to a deadline.', async (t) => {
  const stdout = join(t.testdir(), 'out');
  mkfifo(stdout);
  const patient = follow(t, { stdout });
  await new Promise((resolve) => setTimeout(resolve, 30));
  const fd = openSync(stdout, 'w');
  writeSync(fd, 'one\n');
  await patient.witness.says('stdout one');
  patient.capture.stop();
  writeFileSync(fd, 'last word\n');
  closeSync(fd);
  t.strictSame(await patient.capture.ended, { code: 0, held: [] });
  t.strictSame(patient.witness.lines.items, ['stdout one', 'stdout last word']);

  const hasty = follow(t, { stdout }, 30);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const held = openSync(stdout, 'w');
  t.teardown(() => closeSync(held));
  writeSync(held, 'two\n');
  await hasty.witness.says('stdout two');
  hasty.capture.stop();
  t.strictSame(await hasty.capture.ended, { code: 0, held: ['stdout'] });
});

void t.test('A FIFO whose folder cannot be searched any more is read on, and told of once.', async (t) => {
  const folder = join(t.testdir({ pod: {} }), 'pod');
  const stdout = join(folder, 'out');
  mkfifo(stdout);
  const { witness } = follow(t, { stdout });
  await write(`echo one >${stdout}`);
  await witness.says('stdout one');
  // As EACCES does, but root too is refused what is a link to itself.
  renameSync(folder, `${folder}-moved`);
  symlinkSync(folder, folder);
  t.match(await witness.lives('lost'), [{ msg: /out cannot be looked at: ELOOP/ }]);
  await write(`echo two >${folder}-moved/out`);
  await witness.says('stdout two');
  await witness.lives('ended', 2);
  t.equal((await witness.lives('lost')).length, 1);
});

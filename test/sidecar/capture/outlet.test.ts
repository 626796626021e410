import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openOutlet } from '../../../sidecar/capture/outlet.js';
import { closePipe, openPipes } from '../../../sidecar/capture/pipes.js';

const BLOCK = Buffer.alloc(64 * 1024, 'x');

void t.test('a full pipe takes nothing, and takes on when its reader does', async (t) => {
  const { stdout: pipe, stderr } = openPipes()!;
  closePipe(stderr);
  const outlet = openOutlet(pipe.write);
  let filled = 0;
  for (let count; (count = outlet.write(BLOCK)) > 0;) filled += count;
  t.ok(filled >= 4096);

  const later = new Promise((resolve) => outlet.writeLater(Buffer.from('later'), resolve));
  const space = Buffer.alloc(filled + 16);
  t.equal(readSync(pipe.read, space), filled);
  t.equal(await later, null);
  t.equal(space.toString('utf8', 0, readSync(pipe.read, space)), 'later');

  outlet.close();
  closePipe(pipe);
});

void t.test('others that write to the same pipe go on blocking', async (t) => {
  const { stdout: pipe, stderr } = openPipes()!;
  closePipe(stderr);
  const outlet = openOutlet(pipe.write);
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${pipe.write}`, 'utf8'))![1]!;
  t.equal(Number.parseInt(flags, 8) & constants.O_NONBLOCK, 0);
  outlet.close();
  closePipe(pipe);
});

void t.test('a pipe that nobody reads any more throws EPIPE', async (t) => {
  const { stdout: pipe, stderr } = openPipes()!;
  closePipe(stderr);
  const outlet = openOutlet(pipe.write);
  closeSync(pipe.read);
  t.throws(() => outlet.write(BLOCK), { code: 'EPIPE' });
  outlet.close();
  closeSync(pipe.write);
});

void t.test('a file takes everything at once, and later too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'output');
  const fd = openSync(file, 'w');
  const outlet = openOutlet(fd);
  t.equal(outlet.write(BLOCK), BLOCK.length);
  await new Promise((resolve) => outlet.writeLater(Buffer.from('later'), resolve));
  outlet.close();
  closeSync(fd);
  t.equal(readFileSync(file, 'utf8'), `${BLOCK.toString()}later`);
});

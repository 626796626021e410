import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { closePipe, openPipes, type OutputPipes, type PipeOptions } from '../../../sidecar/capture/pipes.js';

const place = mkdtempSync(join(tmpdir(), 'spillway-test-'));
t.teardown(() => rmSync(place, { recursive: true }));

const LINUX_ONLY = !existsSync('/proc/self/fd') && 'there is no /proc here: run this on Linux';

function blocks(fd: number): boolean {
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!;
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
}

function checkPipes(t: Test, pipes: OutputPipes): void {
  for (const [name, { read, write }] of Object.entries(pipes)) {
    t.ok(fstatSync(write).isFIFO(), `${name} is a pipe`);
    t.equal(fstatSync(write).mode & 0o777, 0o666, 'that any user may open anew');
    t.notOk(blocks(read), 'whose reader does not block');
    t.ok(blocks(write), 'and whose writer does');
    writeSync(write, name);
    const space = Buffer.alloc(16);
    t.equal(space.toString('utf8', 0, readSync(read, space)), name, 'and which holds nothing else');
  }
  closePipe(pipes.stdout);
  closePipe(pipes.stderr);
}

const ways: [string, PipeOptions][] = [
  ['FIFOs in a folder', { places: [place] }],
  ['FIFOs in the first folder that takes them', { places: ['/spillway/no/such/folder', '/proc', place] }],
  ['a shell’s pipes where no folder takes a FIFO', { places: ['/spillway/no/such/folder'] }],
  ['a shell’s pipes where there is no mkfifo', { places: [place], mkfifo: 'spillway-no-such-program' }],
  ['a shell’s pipes where mkfifo fails', { places: [place], mkfifo: 'false' }],
];
if (existsSync('/bin/bash')) ways.push(['bash’s pipes', { places: [], shell: '/bin/bash' }]);
for (const [title, options] of ways) {
  void t.test(`pipes are made of ${title}`, { skip: LINUX_ONLY }, async (t) => {
    const pipes = openPipes(options);
    t.strictSame(readdirSync(place), [], 'nothing stays behind in the folder');
    checkPipes(t, pipes!);
  });
}

void t.test(
  'where nothing can make a pipe there is none, and it takes no longer than half a second',
  async (t) => {
    const options = { places: [place], mkfifo: 'spillway-no-such-program' };
    t.equal(openPipes({ ...options, shell: '/spillway/no/such/shell' }), undefined);
    t.equal(openPipes({ ...options, shell: '/bin/cat' }), undefined, 'a shell that is none');
  },
);

void t.test('a pipe ends when its last writer has gone, however it was made', async (t) => {
  for (const [, options] of ways) {
    const { stdout, stderr } = openPipes(options)!;
    closePipe(stderr);
    closeSync(stdout.write);
    t.equal(readSync(stdout.read, Buffer.alloc(1)), 0);
    closeSync(stdout.read);
  }
});

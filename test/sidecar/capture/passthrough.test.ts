import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { Passthrough, type PassthroughOptions } from '../../../sidecar/capture/index.js';
import type { Outlet } from '../../../sidecar/capture/outlet.js';

/** A reader that takes as many bytes as it is granted. */
class Reader implements Outlet {
  text = '';
  error: Error | undefined;
  closed = false;
  #credit: number;
  #later: { data: Buffer; done: (error?: Error | null) => void } | undefined;

  constructor(credit = Infinity) {
    this.#credit = credit;
  }

  write(data: Buffer): number {
    if (this.error) throw this.error;
    const count = Math.min(data.length, this.#credit);
    this.#credit -= count;
    this.text += data.toString('latin1', 0, count);
    return count;
  }

  writeLater(data: Buffer, done: (error?: Error | null) => void): void {
    this.#later = { data, done };
    this.grant(0);
  }

  /** Takes so many bytes more. */
  grant(bytes: number): void {
    this.#credit += bytes;
    const later = this.#later;
    if (later === undefined || (!this.error && this.#credit < later.data.length)) return;
    this.#later = undefined;
    if (!this.error) this.write(later.data);
    setImmediate(() => later.done(this.error));
  }

  fail(error: Error): void {
    this.error = error;
    this.grant(0);
  }

  close(): void {
    this.closed = true;
  }
}

function setUp(credit: number, options: PassthroughOptions = {}) {
  const stdout = new Reader(credit);
  const stderr = new Reader();
  return { stdout, stderr, passthrough: new Passthrough({ outlets: { stdout, stderr }, ...options }) };
}

const lines = (from: number, to: number) =>
  Buffer.from(Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join(''));

void t.test('output passes at once and unchanged to a reader that keeps up', async (t) => {
  const { stdout, stderr, passthrough } = setUp(Infinity);
  t.ok(passthrough.chunk('stdout', Buffer.from('a\nb')));
  t.ok(passthrough.chunk('stderr', Buffer.from('c')));
  t.match([stdout.text, stderr.text], ['a\nb', 'c']);
  const none = { bytes: 0, lines: 0 };
  t.strictSame(await passthrough.flush(1000), { stdout: none, stderr: none });
  t.ok(stdout.closed && stderr.closed);
});

void t.test('what waits is copied, as a capture reads into the same memory again', async (t) => {
  const { stdout, passthrough } = setUp(3);
  const memory = Buffer.from('one\n');
  passthrough.chunk('stdout', memory);
  memory.fill('x');
  stdout.grant(Infinity);
  await passthrough.flush(1000);
  t.equal(stdout.text, 'one\n');
});

void t.test(
  'a reader that stalls and comes back misses whole lines, and standard error says how many',
  async (t) => {
    const { stdout, stderr, passthrough } = setUp(5, { pendingBytes: 200 });
    passthrough.chunk('stdout', lines(10, 40));
    passthrough.chunk('stdout', lines(40, 50));
    t.equal(stderr.text, '', 'not before it comes back');
    stdout.grant(Infinity);
    while (stderr.text === '') await turn();
    passthrough.chunk('stdout', lines(50, 52));
    const { stdout: unpassed } = await passthrough.flush(1000);
    const passed = stdout.text.split('\n').slice(0, -1);
    const kept = passed.indexOf('line 50');
    t.strictSame(
      passed,
      lines(10, 10 + kept)
        .toString()
        .split('\n')
        .slice(0, -1)
        .concat('line 50', 'line 51'),
    );
    t.strictSame(unpassed, { lines: 40 - kept, bytes: (40 - kept) * 8 });
    t.equal(
      stderr.text,
      'spillway sidecar: the reader of standard output fell behind: ' +
        `${unpassed.lines} lines (${unpassed.bytes} bytes) were captured but not passed through\n`,
    );
  },
);

void t.test('a line that was cut does not run into the next one', async (t) => {
  const { stdout, passthrough } = setUp(4, { pendingBytes: 16 });
  passthrough.chunk('stdout', Buffer.from('beginning of a very long line that never fits'));
  passthrough.chunk('stdout', Buffer.from(' and its end\nnext\n'));
  stdout.grant(Infinity);
  await turn();
  passthrough.chunk('stdout', Buffer.from('after\n'));
  await passthrough.flush(1000);
  t.equal(stdout.text, 'begi\nnext\nafter\n');
});

void t.test('a notice stands between the lines of standard error', async (t) => {
  const { stderr, passthrough } = setUp(0, { pendingBytes: 8 });
  passthrough.chunk('stderr', Buffer.from('half a line'));
  passthrough.chunk('stdout', Buffer.from('too long to wait\n'));
  await passthrough.flush(0);
  t.match(stderr.text, /^half a line\nspillway sidecar: [^\n]* 1 lines \(17 bytes\) [^\n]*\n$/);
});

void t.test('a sidecar that rather waits is told when, and nothing is dropped', async (t) => {
  let writable = 0;
  const { stdout, passthrough } = setUp(0, { pendingBytes: 100, onWritable: () => (writable += 1) });
  t.ok(passthrough.chunk('stdout', lines(10, 16)), 'not yet half full');
  t.notOk(passthrough.chunk('stdout', lines(16, 18)), 'more than half full');
  t.equal(writable, 0);
  stdout.grant(Infinity);
  await turn();
  t.equal(writable, 1);
  await passthrough.flush(1000);
  t.equal(stdout.text, lines(10, 18).toString());
});

void t.test('an output that nobody reads any more is given up, the other goes on', async (t) => {
  for (const waiting of [false, true]) {
    let writable = 0;
    const { stdout, stderr, passthrough } = setUp(waiting ? 0 : Infinity, {
      pendingBytes: 200,
      onWritable: () => (writable += 1),
    });
    if (waiting) passthrough.chunk('stdout', Buffer.from('line that waits '.repeat(8) + '\n'));
    stdout.fail(new Error('write EPIPE'));
    await turn();
    passthrough.chunk('stdout', Buffer.from('lost\n'));
    passthrough.chunk('stderr', Buffer.from('goes on\n'));
    const { stdout: unpassed } = await passthrough.flush(1000);
    t.strictSame(unpassed, waiting ? { bytes: 134, lines: 2 } : { bytes: 5, lines: 1 });
    t.equal(writable, waiting ? 1 : 0, 'nobody waits for it');
    t.match(stderr.text, /^spillway sidecar: standard output cannot be written to .*EPIPE.*\ngoes on\n$/);
  }
});

void t.test('a flush ends at its deadline and counts what was left', async (t) => {
  const { stdout, stderr, passthrough } = setUp(6);
  passthrough.chunk('stdout', lines(10, 20));
  t.match(await passthrough.flush(1), { stdout: { bytes: 74, lines: 10 } });
  t.equal(stdout.text, 'line 1');
  t.match(stderr.text, '10 lines (74 bytes)');
});

void t.test(
  'property: what passes are lines in order, or the beginning of one, and the rest is counted',
  async () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ grant: fc.integer({ min: 1, max: 200 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 8, max: 100 }),
        async (steps, pendingBytes) => {
          const { stdout, passthrough } = setUp(10, { pendingBytes });
          const source = lines(100, 400);
          let at = 0;
          for (const step of steps) {
            if ('grant' in step) stdout.grant(step.grant);
            else passthrough.chunk('stdout', source.subarray(at, (at += step.write)));
            await turn();
          }
          stdout.grant(1e6);
          const { stdout: unpassed } = await passthrough.flush(1000);
          const written = Math.min(at, source.length);
          const passed = stdout.text.split('\n');
          const numbers = passed.filter((line) => line.length === 8).map((line) => Number(line.slice(5)));
          const cut = passed.filter((line) => line.length < 8);
          const added = stdout.text.length + unpassed.bytes - written;
          return (
            numbers.every((number, i) => number >= 100 && (i === 0 || number > numbers[i - 1]!)) &&
            cut.every((line) => 'line '.startsWith(line.slice(0, 5))) &&
            added >= cut.length - 1 &&
            added <= passed.length
          );
        },
      ),
    );
  },
);

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Interrupt } from '../../../cli/logs/interrupt.js';
import { DEFAULT_MAX_HELD } from '../../../cli/logs/sort-window.js';
import { spillway } from '../spawn.js';
import { recordOf, startServer, type Exchange } from '../sse-server.js';

/** More than a window holds: when the first of them is printed that many have come, and the rest is held. */
const SURPLUS = 50;
const TOTAL = DEFAULT_MAX_HELD + SURPLUS;

function sendAll(exchange: Exchange, filler = ''): void {
  exchange.open();
  for (let i = 0; i < TOTAL; i++) exchange.record(recordOf(`line ${i}${filler}`));
}

const wordsTo = (url: string) => ['logs', 'acme', '-o', 'raw', '--sort=60s', '--url', url];

void t.test('What --sort holds is printed when a signal comes, to a file and to a pipe.', async (t) => {
  const server = await startServer(t);
  const wanted = Array.from({ length: TOTAL }, (_, i) => `line ${i}\n`).join('');
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const path = join(t.testdir({}), signal);
    const file = openSync(path, 'w');
    const bin = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));
    const env = { PATH: process.env['PATH'] };
    const child = spawn(process.execPath, [bin, ...wordsTo(server.url)], {
      stdio: ['ignore', file, 'ignore'],
      env,
    });
    closeSync(file);
    t.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    sendAll(await server.next());
    while (!readFileSync(path, 'utf8').includes(`line ${SURPLUS - 1}\n`)) await sleep(5);
    child.kill(signal);
    t.strictSame(await ended, [code, null], signal);
    t.ok(readFileSync(path, 'utf8') === wanted, `all lines, after ${signal}`);
  }
  const { child, out, ended } = spillway(t, wordsTo(server.url));
  sendAll(await server.next());
  await out.until(`line ${SURPLUS - 1}\n`);
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await ended;
  t.strictSame({ code, stderr }, { code: 143, stderr: '' });
  t.ok(stdout === wanted, 'all lines through a pipe');
});

void t.test('A pipe that nobody reads does not keep it, and what is lost is told.', async (t) => {
  const server = await startServer(t);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { child, out, err } = spillway(t, wordsTo(server.url));
    const ended = once(child, 'exit');
    sendAll(await server.next(), 'x'.repeat(1000));
    await out.until('line ');
    child.stdout.pause();
    const before = performance.now();
    child.kill(signal);
    t.strictSame(await ended, [code, null], signal);
    t.comment(`figure: ${signal} while nobody reads: ${(performance.now() - before).toFixed()} ms`);
    await err.until('\n');
    t.match(err.text, /^spillway: \d+ records that --sort held are not printed: nobody reads the output\n$/);
  }
});

function setUp() {
  const signals = new EventEmitter();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const codes: number[] = [];
  const interrupt = new Interrupt({ stdout, stderr, signals, exit: (code) => codes.push(code) });
  return { signals, stdout, codes, interrupt };
}

void t.test('The first signal asks for an end, the second is one.', (t) => {
  const { signals, codes, interrupt } = setUp();
  t.strictSame([interrupt.code, interrupt.signal.aborted], [undefined, false]);
  signals.emit('SIGTERM');
  t.strictSame([interrupt.code, interrupt.signal.aborted, codes], [143, true, []]);
  signals.emit('SIGINT');
  t.strictSame(codes, [130]);
  interrupt.release();
  t.equal(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM'), 0);
  t.end();
});

void t.test('An output that is closed meanwhile ends it with the code of the signal.', (t) => {
  const { signals, stdout, codes } = setUp();
  signals.emit('SIGINT');
  stdout.emit('error', new Error('EPIPE'));
  t.strictSame(codes, [130]);
  t.end();
});

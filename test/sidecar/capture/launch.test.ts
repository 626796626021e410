import t from 'tap';
import { attachExec, CaptureError, launch, type CaptureSink } from '../../../sidecar/capture/index.js';

function gather(): CaptureSink & { text: Record<'stdout' | 'stderr', string> } {
  const text = { stdout: '', stderr: '' };
  return { text, chunk: (stream, data) => void (text[stream] += data.toString()) };
}

async function run(command: string[], options: Parameters<typeof launch>[1] = {}) {
  const sink = gather();
  const capture = attachExec(launch(command, options), sink);
  const end = await capture.ended;
  capture.close();
  return { ...sink.text, end };
}

void t.test('a command that prints and ends at once loses nothing, 100 runs of 100', async (t) => {
  for (let i = 0; i < 100; i++) {
    const { stdout, stderr, end } = await run(['sh', '-c', `echo out ${i}; echo err ${i} >&2; exit ${i}`]);
    if (stdout !== `out ${i}\n` || stderr !== `err ${i}\n` || end.code !== i)
      t.fail(`run ${i}`, { stdout, stderr, end });
  }
  t.pass('all 100');
});

void t.test('the environment and the folder are handed on', async (t) => {
  const command = ['sh', '-c', 'pwd; echo "$GREETING"'];
  const { stdout } = await run(command, { cwd: '/', env: { PATH: process.env.PATH, GREETING: 'hello' } });
  t.equal(stdout, '/\nhello\n');
});

void t.test(
  'why a command could not be started is said as a shell says it, on its standard error',
  async (t) => {
    for (const [command, options, code, sentence] of [
      [['spillway-no-such-program'], {}, 127, 'spillway-no-such-program: command not found'],
      [['/spillway/none'], {}, 127, '/spillway/none: no such file or directory'],
      [['/etc/passwd'], {}, 126, '/etc/passwd: permission denied'],
      [['true'], { cwd: '/spillway/none' }, 126, '/spillway/none: no such folder to run true in'],
      [['true', 'x'.repeat(4_000_000)], {}, 126, 'true: cannot be run: spawn E2BIG'],
    ] as const) {
      const { stderr, end } = await run([...command], options);
      t.equal(stderr, `spillway: ${sentence}\n`);
      t.match(end, { code, held: [] });
    }
  },
);

void t.test('no command is a mistake of the caller', async (t) => {
  for (const command of [[], ['']]) {
    t.throws(() => launch(command), { name: CaptureError.name, code: 'command' } as const);
  }
});

void t.test('a paused capture reads nothing, and goes on where it stopped', async (t) => {
  const sink = gather();
  const launched = launch(['sh', '-c', 'echo reached >&2; seq 1 100000']);
  const capture = attachExec(launched, {
    chunk(stream, data) {
      sink.chunk(stream, data);
      if (stream === 'stderr') capture.pause();
    },
  });
  // The command cannot end: a pipe holds less than it prints.
  while (sink.text.stderr === '') await new Promise(setImmediate);
  const paused = sink.text.stdout.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(sink.text.stdout.length, paused);
  capture.resume();
  t.match(await capture.ended, { code: 0 });
  t.equal(sink.text.stdout.length, 588_895);
  capture.close();
});

void t.test('what stands in the pipes at the deadline is handed over, paused or not', async (t) => {
  const sink = gather();
  const capture = attachExec(launch(['sh', '-c', 'seq 1 1000; echo e >&2']), sink, { drainTimeoutMs: 20 });
  capture.pause();
  const end = await capture.ended;
  t.equal(sink.text.stdout.length, 3893);
  t.equal(sink.text.stderr, 'e\n');
  t.strictSame(end, { code: 0, held: [] }, 'nobody held them: they had not been read');
  capture.close();
});

void t.test('a closed capture gives the signals back and ends no process', async (t) => {
  const before = process.listenerCount('SIGTERM');
  const launched = launch(['sh', '-c', 'exit 3']);
  t.equal(process.listenerCount('SIGTERM'), before + 1);
  const capture = attachExec(launched, gather());
  capture.close();
  capture.close();
  t.equal(process.listenerCount('SIGTERM'), before);
  t.match(await capture.ended, { code: 3 });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { attachStdin } from '../../../sidecar/capture/index.js';

function setUp() {
  const input = new PassThrough();
  const chunks: string[] = [];
  const capture = attachStdin(
    { chunk: (stream, data) => chunks.push(`${stream} ${data.toString()}`) },
    { input },
  );
  t.teardown(() => capture.close());
  return { input, chunks, capture };
}

void t.test('everything counts as standard output, and the end of the input is the end with 0', async (t) => {
  const { input, chunks, capture } = setUp();
  input.write('one\n');
  input.end('two');
  t.strictSame(await capture.ended, { code: 0, held: [] });
  t.strictSame(chunks, ['stdout one\n', 'stdout two']);
});

void t.test('a paused capture takes nothing', async (t) => {
  const { input, chunks, capture } = setUp();
  capture.pause();
  input.end('one');
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.strictSame(chunks, []);
  capture.resume();
  await capture.ended;
  t.strictSame(chunks, ['stdout one']);
});

void t.test('an input that cannot be read ends with 1 and says why', async (t) => {
  const { input, capture } = setUp();
  input.destroy(new Error('EIO: i/o error'));
  t.match(await capture.ended, { code: 1, error: { code: 'read', message: /EIO: i\/o error/ } });
});

const BUILT = new URL('../../../dist/sidecar/capture/index.js', import.meta.url);

/** A process that captures its input, echoes it and exits with the capture's code. */
function reader(drainTimeoutMs: number) {
  const script = `
    import { attachStdin } from ${JSON.stringify(BUILT.href)};
    const sink = { chunk: (stream, data) => process.stdout.write(data) };
    const capture = attachStdin(sink, { drainTimeoutMs: ${drainTimeoutMs} });
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.stdout.write(name + '\\n'));
    process.stdout.write('ready\\n');
    const { code, held } = await capture.ended;
    process.stdout.write('held: ' + held, () => process.exit(code));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => (text += data));
  const prints = async (wanted: string) => {
    while (!text.includes(wanted)) await once(child.stdout, 'data');
  };
  return { child, prints, ended: async () => ((await once(child, 'close')) as [number])[0] };
}

void t.test('after a signal it reads on to the end of the input', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { child, prints, ended } = reader(60_000);
    await prints('ready\n');
    child.kill(signal);
    await prints(signal);
    child.stdin.end('last words\n');
    await prints('last words\nheld: ');
    t.equal(await ended(), code);
  }
});

void t.test('after a signal, an input that does not end is given up at the deadline', async (t) => {
  const { child, prints, ended } = reader(10);
  await prints('ready\n');
  child.kill('SIGTERM');
  await prints('held: stdout');
  t.equal(await ended(), 143);
});

void t.test('a second signal does not wait for the deadline', async (t) => {
  const { child, prints, ended } = reader(60_000);
  await prints('ready\n');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  await prints('held: stdout');
  t.ok([130, 143].includes(await ended()), 'the code of whichever came first');
});

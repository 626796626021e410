import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { BIN, sidecar, startParts, untilConsumers } from '../support/processes.js';

const BUNYAN = fileURLToPath(new URL('../../node_modules/bunyan/bin/bunyan', import.meta.url));

/** What a process prints, and a way to wait for some of it. */
function output(t: Test, command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    waiting.forEach((check) => check());
  });
  return {
    /** All that came, once `pattern` is in it. */
    until: (pattern: RegExp) =>
      new Promise<string>((resolve) => {
        const check = () => pattern.test(text) && resolve(text);
        waiting.add(check);
        check();
      }),
  };
}

const LINES = [
  'a plain line',
  'WARN: something is odd',
  'naïve — 漢字 🎉',
  JSON.stringify({
    name: 'app',
    hostname: 'h',
    pid: 1,
    level: 40,
    msg: 'two\nlines',
    time: '2026-01-02T03:04:05.678Z',
    v: 0,
    nested: { a: [1, 2, 3] },
    long: 'x'.repeat(80),
  }),
  JSON.stringify({
    level: 50,
    time: 1790000000000,
    pid: 7,
    hostname: 'h',
    msg: 'from pino',
    err: { message: 'no', stack: 'Error: no\n    at f' },
  }),
  'the end',
];

void t.test('curl, curl into bunyan, and spillway logs print the same', async (t) => {
  const parts = await startParts(t);
  const url = `${parts.url}/v1/logs/tenant/acme/web-1`;
  const text = output(t, 'curl', ['-sN', url]);
  const ndjson = output(t, 'curl', ['-sN', '-H', 'Accept: application/x-ndjson', url]);
  const logs = output(t, process.execPath, [BIN, 'logs', 'acme/web-1', '--url', parts.url, '-o', 'short']);
  await untilConsumers(parts.url, 3);
  sidecar(t, parts.publish, 'web-1', ['sh', '-c', 'printf "%s\\n" "$@"', 'sh', ...LINES]);

  const printed = await text.until(/the end .*\n/);
  const records = await ndjson.until(/"the end".*\n/);
  const { stdout } = spawnSync(process.execPath, [BUNYAN, '-o', 'short'], {
    input: records,
    encoding: 'utf8',
  });
  t.equal(stdout, printed, 'text is byte for byte what the bunyan program makes of NDJSON');
  t.equal(await logs.until(/the end .*\n/), printed, 'and so is what spillway logs prints');
  t.match(printed, 'naïve — 漢字 🎉');
});

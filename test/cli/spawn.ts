import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

/**
 * Runs the compiled program as a user does; what is left of it goes with the test. `env` keeps the test runner's own
 * instruments out of it, which have signal handlers and take a tenth of a second at the end.
 */
export function spillway(
  t: { teardown(fn: () => void): void },
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const out = new Text(child.stdout);
  const err = new Text(child.stderr);
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => ({
    code,
    signal,
    stdout: out.text,
    stderr: err.text,
  }));
  return { child, out, err, ended };
}

/** What a stream has said so far, and a way to wait for it. */
class Text {
  text = '';
  readonly #stream: NodeJS.ReadableStream;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this.#stream, 'data');
  }
}

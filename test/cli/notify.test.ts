import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { notifyReady } from '../../cli/notify.js';
import { needs } from '../support/programs.js';
import { spillway } from '../support/processes.js';

const skip = needs('systemd', ['sh', '-c', 'command -v systemd-notify && command -v python3']);

/** systemd's end of the socket: one line for each message, its own lines joined by spaces. */
const RECEIVER = `
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind(sys.argv[1])
    print("bound", flush=True)
    while True:
        print(s.recv(4096).decode().strip().replace("\\n", " "), flush=True)
`;

void t.test('Under systemd', { skip }, async (t) => {
  const socket = join(t.testdir(), 'notify');
  const receiver = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => receiver.kill('SIGKILL'));
  const told: string[] = [];
  const lines = createInterface({ input: receiver.stdout });
  lines.on('line', (line) => told.push(line));
  const until = async (pattern: RegExp) => {
    while (!told.some((line) => pattern.test(line))) await once(lines, 'line');
  };
  await until(/bound/);

  await t.test('a part says when it is ready, that it lives, and that it stops.', async (t) => {
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' };
    const part = spillway(
      t,
      ['consolidator', '--publish', 'tcp://127.0.0.1:*', '--subscribe', 'tcp://127.0.0.1:*', '--http', 'off'],
      'ignore',
      env,
    );
    await until(/READY=1/);
    await until(/WATCHDOG=1/);
    t.equal(await part.stop(), 0);
    await until(/STOPPING=1/);
    t.ok(part.log.some((line) => line.includes('"ready:')));
  });
});

void t.test('Outside of systemd nothing is run.', (t) => {
  notifyReady({ PATH: '/nowhere' }, (problem) => t.fail(problem)).stopping();
  t.end();
});

void t.test('Where its program is absent, that is told once.', async (t) => {
  const problems: string[] = [];
  const { PATH } = process.env;
  process.env['PATH'] = '/nowhere';
  t.teardown(() => (process.env['PATH'] = PATH));
  await new Promise<void>((resolve) => {
    const env = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '20000' };
    const notifier = notifyReady(env, (problem) => {
      problems.push(problem);
      setTimeout(() => {
        notifier.stopping();
        resolve();
      }, 50);
    });
  });
  t.match(problems, [/systemd-notify cannot be run/]);
  t.equal(problems.length, 1);
});

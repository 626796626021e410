import t from 'tap';
import { spillway } from '../cli/spawn.js';
import { freePorts } from '../support/ports.js';
import {
  sidecar,
  startConsolidatorProcess,
  startParts,
  startRelayProcess,
  untilConsumers,
  untilReady,
} from '../support/processes.js';

/** A program that prints numbered lines, and goes on until it is told to end. */
const PRINT = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.01; done';

const numbers = (text: string) => Array.from(text.matchAll(/^line (\d+)$/gm), ([, number]) => Number(number));

void t.test(
  'spillway logs shows what a container printed that has ended, and ends itself with --no-follow.',
  async (t) => {
    const { publish, url } = await startParts(t);
    const container = sidecar(t, publish, 'web-1', [
      'sh',
      '-c',
      'for i in $(seq 30); do echo "line $i"; done',
    ]);
    t.equal(await container.ended, 0);
    const logs = (...args: string[]) =>
      spillway(t, ['logs', 'acme/web-1', '-o', 'raw', '--url', url, '--no-follow', ...args]).ended;
    const last = await logs();
    t.match(last, { code: 0, stderr: '' });
    t.strictSame(
      numbers(last.stdout),
      Array.from({ length: 20 }, (_, i) => i + 11),
      'the last 20',
    );
    t.strictSame(numbers((await logs('-n', '3')).stdout), [28, 29, 30]);
    t.equal(numbers((await logs('--since', '1h')).stdout).length, 30);
    t.strictSame(
      numbers((await logs('-n', '2', '--query', 'line 1')).stdout),
      [18, 19],
      'behind the filter of the relay',
    );
    t.match(await spillway(t, ['logs', 'acme/none', '--url', url, '--no-follow']).ended, {
      code: 0,
      stdout: '',
    });
    const both = await spillway(t, [
      'logs',
      'acme',
      'acme/web-1',
      '--url',
      url,
      '--no-follow',
      '-n',
      '1',
      '-o',
      'simple',
    ]).ended;
    t.strictSame(both.stdout.split('\n').toSorted(), [
      '',
      'acme       INFO - line 30',
      'acme/web-1 INFO - line 30',
    ]);
  },
);

void t.test(
  'When its relay is killed and another takes its place, spillway logs misses and repeats nothing.',
  async (t) => {
    const { publish, from } = await startConsolidatorProcess(t);
    const [port] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    let current = await startRelayProcess(t, from, [], listen);
    await untilReady(current.url);
    const { child, out, ended } = spillway(t, ['logs', 'acme/web-1', '-o', 'raw', '--url', current.url]);
    await untilConsumers(current.url, 1);
    sidecar(t, publish, 'web-1', ['sh', '-c', PRINT]);
    await out.until('line 20\n');
    for (let round = 0; round < 3; round += 1) {
      await current.part.stop('SIGKILL');
      const seen = Math.max(...numbers(out.text));
      current = await startRelayProcess(t, from, [], listen);
      await out.until(`line ${seen + 60}\n`);
    }
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    t.equal(code, 130);
    const seen = numbers(stdout);
    t.strictSame(
      seen,
      Array.from(seen, (_, i) => i + 1),
      'each line once, in order, from the first on',
    );
  },
);

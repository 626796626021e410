import t from 'tap';
import { spillway } from '../support/processes.js';

void t.test('a sidecar that is asked to shows its numbers while its command runs', async (t) => {
  const part = spillway(t, [
    'sidecar',
    '--tenant',
    'acme',
    '--container',
    'web-1',
    '--to',
    'tcp://127.0.0.1:1',
    '--http',
    '127.0.0.1:0',
    '--flush-timeout',
    '10ms',
    '--',
    'sh',
    '-c',
    'echo one; echo two; sleep 60',
  ]);
  const { http } = JSON.parse(await part.line(/"metrics at/)) as { http: string };
  for (;;) {
    const text = await (await fetch(`${http}/metrics`)).text();
    if (/^spillway_records_captured_total\S* 2$/m.test(text)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.equal((await fetch(`${http}/healthz`)).status, 200);
  t.equal(await part.stop('SIGTERM'), 143, 'and ends with the code of the command');
});

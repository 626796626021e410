import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Verdict } from '../../bench/soak/verdict.js';

const SOAK = fileURLToPath(new URL('../../dist/bench/soak.js', import.meta.url));

/** The plan of a run; how the machine's timing weaves into it differs every time. `SPILLWAY_SEED` tries another. */
const SEED = process.env['SPILLWAY_SEED'] ?? '2';

/** A short `npm run soak`. */
void t.test(`under faults every record is accounted for, to each reader (seed ${SEED})`, async (t) => {
  const options = ['--seed', SEED, '--minutes', '0.4', '--records', '2e5', '--spacing', '1', '--json'];
  const child = spawn(process.execPath, [SOAK, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  // It ends its own processes when it is told to end.
  t.teardown(() => child.kill('SIGTERM'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const verdict = JSON.parse(stdout) as Verdict;
  t.strictSame(verdict.findings, []);
  t.equal(code, 0, stderr);
  t.match(stderr, `seed ${SEED}`, 'it says what it can be replayed with');
  t.ok(verdict.printed > 10_000 && verdict.connections > 10, 'there was something to account for');
  t.ok(
    Object.values(verdict.faults).some((count) => count > 0),
    'and something was done to it',
  );
  t.ok((verdict.told['relay consumer-overflow'] ?? 0) > 0, 'slow readers were told of their own losses');
});

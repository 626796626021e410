import t from 'tap';
import { FORWARDED_SIGNALS } from '../../../sidecar/capture/index.js';
import { needs } from '../../support/programs.js';
import { drive } from './drive.js';

/** Prints the name of each signal it gets, and ends with 7 on TERM. */
const LISTENER = `
  for (const name of ${JSON.stringify(FORWARDED_SIGNALS)}) process.on(name, () => {
    console.log('got ' + name);
    if (name === 'SIGTERM') process.exit(7);
  });
  setInterval(() => {}, 1 << 30);
  console.log('ready');`;

void t.test(
  'every signal that can be handed on reaches the command, and none does anything to the sidecar',
  async (t) => {
    const run = drive(t, [process.execPath, '-e', LISTENER]);
    await run.read().prints('ready\n');
    for (const signal of FORWARDED_SIGNALS.toSorted((a) => (a === 'SIGTERM' ? 1 : -1))) {
      run.process.kill(signal);
      await run.prints(`got ${signal}\n`);
    }
    const outcome = await run.closes();
    t.match(outcome, { code: 7, signal: null });
    t.equal(outcome.stderr, '', 'USR1 starts no debugger');
    t.equal(outcome.stdout.split('\n').length, FORWARDED_SIGNALS.length + 2, 'each once');
  },
);

void t.test('a command that a signal ends gives 128 + n', async (t) => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    const run = drive(t, ['sh', '-c', 'echo ready; exec sleep 600']);
    await run.read().prints('ready\n');
    run.process.kill(signal);
    t.match(await run.closes(), { code, signal: null });
    t.equal(run.report.end.signal, signal);
  }
});

void t.test('a signal between the launch and the first read is not lost', async (t) => {
  const run = drive(t, ['sh', '-c', 'trap "echo trapped; exit 9" TERM; kill -TERM $PPID; read -r end'], {
    attachAfterMs: 200,
  });
  t.match(await run.read().closes(), { code: 9, stdout: 'trapped\n' });
});

void t.test(
  'Ctrl-C on a terminal reaches the command once',
  { skip: needs('script', ['script', '--version']) },
  async (t) => {
    // On the first INT it has the sidecar hand on a USR2, which comes after any INT that the sidecar handed on.
    const counter = `
      let count = 0;
      process.on('SIGINT', () => { if (++count === 1) process.kill(process.ppid, 'SIGUSR2'); });
      process.on('SIGUSR2', () => { console.log('INT came ' + count + ' times'); process.exit(4); });
      setInterval(() => {}, 1 << 30);
      console.log('ready');`;
    const run = drive(t, [process.execPath, '-e', counter], {}, { terminal: true });
    await run.read().prints('ready');
    run.process.stdin!.write('\x03');
    await run.prints('INT came 1 times');
    t.match(await run.closes(), { code: 4, signal: null, stderr: '' });
  },
);

const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const needsNamespace = needs('unshare, or the right to use it (root)', [
  'unshare',
  '--pid',
  '--fork',
  'true',
]);

for (const [title, init, skip] of [
  ['as PID 1 itself', [], needsNamespace],
  ['under tini as PID 1', ['tini', '--'], needs('tini', ['tini', '--version']) || needsNamespace],
] as const) {
  void t.test(`${title}, signals reach the command and its code comes back`, { skip }, async (t) => {
    const command = ['sh', '-c', 'trap "echo trapped; exit 9" TERM; kill -TERM 1; read -r end'];
    const run = drive(t, command, {}, { wrapper: [...UNSHARE, ...init] });
    t.match(await run.read().closes(), { code: 9, stdout: 'trapped\n', stderr: '' });
  });
}

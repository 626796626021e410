import t from 'tap';
import { drive } from './drive.js';

const sh = (script: string): string[] => ['sh', '-c', script];

for (const [title, command, code] of [
  ['the exit code is the command’s own', sh('exit 42'), 42],
  ['a command that kills itself with KILL ends with 137', sh('kill -KILL $$'), 137],
  ['a command that dies of SEGV ends with 139', sh('kill -SEGV $$'), 139],
  ['a program that is not there ends with 127', ['spillway-no-such-program'], 127],
  ['a path that is not there ends with 127', ['/spillway/no/such/program'], 127],
  ['a file that is no program ends with 126', ['/etc/passwd'], 126],
  ['a folder is no program and ends with 126', ['/'], 126],
] as const) {
  void t.test(title, async (t) => {
    const outcome = await drive(t, [...command])
      .read()
      .closes();
    t.equal(outcome.code, code);
    if (code === 126 || code === 127) t.match(outcome.stderr, `spillway: ${command[0]}: `, 'and says so');
    else t.equal(outcome.stderr, '');
  });
}

void t.test('the two outputs pass through, each to its own', async (t) => {
  const run = drive(t, sh('echo out; echo err >&2; printf unended'));
  t.match(await run.read().closes(), { code: 0, stdout: 'out\nunended', stderr: 'err\n' });
});

void t.test('/dev/stdout and /dev/stderr can be opened, to write and to append', async (t) => {
  const run = drive(
    t,
    sh('echo a > /dev/stdout; echo b >> /dev/stdout; echo c > /dev/stderr; echo d >> /dev/stderr'),
  );
  t.match(await run.read().closes(), { code: 0, stdout: 'a\nb\n', stderr: 'c\nd\n' });
});

void t.test(
  '/dev/stdout can be opened by a command that has given up root',
  {
    skip: process.getuid?.() !== 0 && 'only root can become somebody else: run the tests as root to see this',
  },
  async (t) => {
    const command = [
      'setpriv',
      '--reuid',
      '65534',
      '--clear-groups',
      ...sh('id -u > /dev/stdout; echo e >> /dev/stderr'),
    ];
    t.match(await drive(t, command).read().closes(), { code: 0, stdout: '65534\n', stderr: 'e\n' });
  },
);

void t.test('without pipes the command still runs, loses nothing, and the operator is told', async (t) => {
  const run = drive(t, sh('echo one; echo two >&2'), { pipes: false, attachAfterMs: 100 });
  const outcome = await run.read().closes();
  t.match(outcome, { code: 0, stdout: 'one\n' });
  t.match(outcome.stderr, /opening \/dev\/stdout .* fails[^]*two\n/);
});

void t.test('what is printed before the sidecar reads is not lost', async (t) => {
  const run = drive(t, sh('seq 1 5000'), { attachAfterMs: 100 });
  const { stdout } = await run.read().closes();
  t.ok(stdout === Array.from({ length: 5000 }, (_, i) => `${i + 1}\n`).join(''));
});

void t.test('standard input is the sidecar’s own', async (t) => {
  const run = drive(t, ['cat']);
  run.process.stdin!.end('from outside\n');
  t.match(await run.read().closes(), { code: 0, stdout: 'from outside\n' });
});

void t.test('a process left behind that holds the pipes does not hold the sidecar', async (t) => {
  const run = drive(t, sh('sleep 600 & echo last words; exit 5'), { drainTimeoutMs: 100 });
  run.read();
  t.match(await run.ends(), { code: 5, stdout: 'last words\n' });
  t.strictSame(run.report.end.held, ['stdout', 'stderr'], 'and it says which outputs were held');
});

void t.test('a process left behind that ends in time has its say', async (t) => {
  const run = drive(t, sh('exec 3<&0; (read -r go <&3; echo afterwards) & echo first; exit 0'), {
    drainTimeoutMs: 60_000,
  });
  await run.read().prints('first\n');
  run.process.stdin!.write('go\n');
  t.match(await run.closes(), { code: 0, stdout: 'first\nafterwards\n' });
  t.strictSame(run.report.end.held, []);
});

void t.test('10 MB without a line end are captured to the byte', async (t) => {
  const run = drive(t, sh("head -c 10000000 /dev/zero | tr '\\0' x"));
  const { code, stdout } = await run.read().closes();
  const { captured, unpassed } = run.report;
  t.equal(code, 0);
  t.equal(captured.stdout, 10_000_000);
  t.equal(stdout.length, 10_000_000 - unpassed.stdout.bytes, 'what did not pass through is counted');
});

void t.test('a closed standard output does not end the capture', async (t) => {
  const run = drive(t, sh('echo first; read -r go; seq 1 50000; exit 6'));
  await run.read().prints('first\n');
  run.process.stdout!.destroy();
  run.process.stdin!.write('go\n');
  const { code, stderr } = await run.closes();
  t.equal(code, 6);
  t.equal(run.report.captured.stdout, 'first\n'.length + 288_894);
  t.match(stderr, /standard output cannot be written to .*EPIPE/);
});

void t.test('a standard output that nobody reads stalls neither the command nor the capture', async (t) => {
  const run = drive(t, sh('seq 1 500000; echo done >&2'));
  const { code, stderr } = await run.ends();
  const { captured, unpassed } = run.report;
  t.equal(code, 0);
  t.equal(captured.stdout, 3_388_895);
  t.ok(unpassed.stdout.bytes > 1_000_000, 'more was dropped than could wait');
  t.match(
    stderr,
    `${unpassed.stdout.lines} lines (${unpassed.stdout.bytes} bytes) were captured but not passed`,
  );
  const { stdout } = await run.read().closes();
  t.equal(stdout.length + unpassed.stdout.bytes, captured.stdout);
  const numbers = Array.from({ length: 500_000 }, (_, i) => `${i + 1}\n`).join('');
  t.ok(numbers.startsWith(stdout), 'what passed is the beginning of it');
});

import { readFileSync } from 'node:fs';
import t from 'tap';
import { spillway } from './spawn.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

void t.test('--version and --help answer on standard output with 0.', async (t) => {
  t.match(await spillway(t, ['--version']).ended, { code: 0, stdout: `${version}\n`, stderr: '' });
  t.match(await spillway(t, ['--help']).ended, {
    code: 0,
    stdout: /^Real-time logs.*Commands\n/s,
    stderr: '',
  });
  t.match(await spillway(t, ['logs', '--help']).ended, { code: 0, stdout: /^spillway logs: /, stderr: '' });
  t.match(await spillway(t, ['help', 'logs']).ended, { code: 0, stdout: /^spillway logs: / });
});

const mistakes: readonly [readonly string[], string][] = [
  [['lgos'], 'unknown command lgos (did you mean logs?); see spillway --help'],
  [['toString'], 'unknown command toString; see spillway --help'],
  [['../bench/main'], 'unknown command ../bench/main; see spillway --help'],
  [['--url', 'x'], 'unknown option --url, the name of a command comes first; see spillway --help'],
  [['logs', '--tial'], 'unknown option --tial (did you mean --tail?); see spillway logs --help'],
  [
    ['logs'],
    'whose logs to read is missing: give <tenant>[/<container>] or --system [component]; see spillway logs --help',
  ],
  [
    ['logs', 'acme', '-l', 'loud'],
    '--level must be trace, debug, info, warn, error, fatal or a number, not "loud"; see spillway logs --help',
  ],
  [
    ['logs', 'acme', '--url', '127.0.0.1:8080'],
    '--url must be an address such as http://127.0.0.1:8080, not "127.0.0.1:8080"; see spillway logs --help',
  ],
];

void t.test('A mistake in the words is one sentence on standard error, and 2.', async (t) => {
  for (const [words, sentence] of mistakes) {
    t.match(
      await spillway(t, words).ended,
      { code: 2, stdout: '', stderr: `spillway: ${sentence}\n` },
      words.join(' '),
    );
  }
});

void t.test('No command at all is answered with the list of them, and 2.', async (t) => {
  t.match(await spillway(t, []).ended, { code: 2, stdout: '', stderr: /Commands\n/ });
});

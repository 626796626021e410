/** Threat: a pattern that goes through all ways of matching a line, which no timer and no signal handler interrupts. */
import t from 'tap';
import { UsageError } from '../../../cli/errors.js';
import { stoppable } from '../../../cli/logs/stoppable.js';
import { needsTmux, openTerminal, SPILLWAY } from '../../support/terminal.js';
import { spillway } from '../spawn.js';
import { recordOf, startServer } from '../sse-server.js';

const ENDLESS = '(a+)+$';
const VICTIM = `${'a'.repeat(40)}b`;

void t.test('What it runs gives its value, and throws what it throws.', async (t) => {
  const run = stoppable();
  t.equal(
    run(() => 1 + 1),
    2,
  );
  t.throws(
    () =>
      run(() => {
        throw new RangeError('mine');
      }),
    RangeError,
  );
});

void t.test('What takes too long is stopped, and the next runs as ever.', async (t) => {
  const run = stoppable(50);
  t.throws(() => run(() => new RegExp(ENDLESS).test(VICTIM)), UsageError);
  t.equal(
    run(() => /a/.test(VICTIM)),
    true,
  );
});

void t.test('A pattern that takes for ever ends the command with 2 and a sentence.', async (t) => {
  for (const pattern of ['-i', '-e', '-H']) {
    const server = await startServer(t);
    const args = ['logs', 'acme', pattern, ENDLESS, '-o', 'raw', '--color', 'always', '--url', server.url];
    const { ended } = spillway(t, args);
    (await server.next()).open().record(recordOf(VICTIM));
    const { code, stderr } = await ended;
    t.equal(code, 2);
    t.match(stderr, 'spillway: a pattern takes too long for some line');
  }
});

void t.test('Ctrl-C ends it with 130 in the midst of such a pattern.', { skip: needsTmux() }, async (t) => {
  const server = await startServer(t);
  const command = `${SPILLWAY} logs acme -i '${ENDLESS}' -o raw --url ${server.url}`;
  const shell = `trap : INT; ${command}; echo "ended with $?"; exec sleep 600`;
  const terminal = await openTerminal(t, ['sh', '-c', shell], { columns: 120 });
  (await server.next()).open().record(recordOf('aaa')).record(recordOf(VICTIM));
  await terminal.until(/connected to/);
  await terminal.press('C-c');
  t.match(await terminal.until(/ended with/), 'ended with 130');
});

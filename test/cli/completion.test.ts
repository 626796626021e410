import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COMMANDS } from '../../cli/commands.js';
import { longName } from '../../cli/options.js';
import { tablesOf } from '../../cli/tables.js';
import { bashCompletion } from '../../cli/completion/bash.js';
import { zshCompletion } from '../../cli/completion/zsh.js';
import { needs } from '../support/programs.js';
import { needsTmux, openTerminal } from '../support/terminal.js';
import { spillway } from './spawn.js';

/** What bash offers for the words, of which the last is being typed. Words are split as readline does. */
function offersOf(script: string, words: readonly string[]): string[] {
  const program = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spillway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', program, 'bash', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

void t.test('bash is offered commands, options and the words that an option knows.', async (t) => {
  const script = bashCompletion(await tablesOf());
  const offers = (...words: string[]) => offersOf(script, ['spillway', ...words]);
  t.strictSame(offers('').toSorted(), [...Object.keys(COMMANDS), 'help', '--help', '--version'].toSorted());
  t.strictSame(offers('lo'), ['logs']);
  t.strictSame(offers('help', 'con'), ['consolidator']);
  t.strictSame(offers('logs', '--col'), ['--color']);
  t.strictSame(offers('logs', '--color', ''), ['auto', 'always', 'never']);
  t.strictSame(offers('logs', '--color', '=', 'a'), ['auto', 'always']);
  t.strictSame(offers('logs', '-o', 's'), ['short', 'simple']);
  t.strictSame(offers('logs', '--tail', ''), [], 'of a number it knows nothing');
  t.strictSame(offers('logs', '--sort', '--js'), ['--json'], 'this one needs no value');
  t.strictSame(offers('sidecar', '--no-pass'), ['--no-passthrough']);
  t.strictSame(offers('completion', ''), ['bash', 'zsh', '--help']);
  t.ok(offers('sidecar', '--', 'ba').includes('bash'), 'behind -- it is any command');
  for (const { name, options } of await tablesOf()) {
    const all = offers(name, '--');
    for (const key of Object.keys(options)) t.ok(all.includes(`--${longName(key)}`), `${name} ${key}`);
  }
});

void t.test('A table that is written with quotes and brackets stays a script.', async (t) => {
  const nasty = {
    name: 'nasty',
    summary: "it's [odd]: \\ `x` $(x)",
    usage: [],
    options: { odd: { type: 'string', short: 'o', help: "it's [odd]: \\ `x` $(x)" } },
  } as const;
  execFileSync('bash', ['-n', '-c', bashCompletion([nasty])]);
  t.match(zshCompletion([nasty]), "it'\\''s \\[odd\\]: \\ `x` $(x)");
});

void t.test('In a real bash, TAB completes.', { skip: needsTmux() }, async (t) => {
  const folder = t.testdir({ 'init.sh': `PS1='ready> '\n${bashCompletion(await tablesOf())}` });
  const terminal = await openTerminal(t, ['bash', '--rcfile', join(folder, 'init.sh'), '-i']);
  await terminal.until(/ready> /);
  await terminal.type('spillway logs --color=al\t');
  await terminal.until(/spillway logs --color=always/);
  t.pass('an option with its value');
});

void t.test(
  'In a real zsh, TAB completes.',
  { skip: needsTmux() || needs('zsh', ['zsh', '--version']) },
  async (t) => {
    const folder = t.testdir();
    writeFileSync(
      join(folder, '.zshrc'),
      `PS1='ready> '; autoload -Uz compinit; compinit -D -u\n${zshCompletion(await tablesOf())}`,
    );
    const terminal = await openTerminal(t, ['zsh', '-d', '-i'], { env: { ZDOTDIR: folder } });
    await terminal.until(/ready> /);
    await terminal.type('spillway conso\t');
    await terminal.until(/spillway consolidator /);
    await terminal.press('C-u');
    await terminal.type('spillway logs acme --color al\t');
    await terminal.until(/--color always/);
    await terminal.press('C-u');
    await terminal.type('spillway sidecar --no-passt\t');
    await terminal.until(/--no-passthrough/);
    await terminal.press('C-u');
    await terminal.type('spillway logs --output=\t\t');
    await terminal.until(/json .*long .*raw .*short .*simple/s);
    t.pass('commands, values and options');
  },
);

void t.test('A shell that is not known is a mistake in the words.', async (t) => {
  t.match(await spillway(t, ['completion', 'zhs']).ended, { code: 2, stderr: /did you mean zsh\?/ });
  t.match(await spillway(t, ['completion']).ended, { code: 2, stderr: /needs bash\|zsh/ });
  t.match(await spillway(t, ['completion', 'bash']).ended, { code: 0, stdout: /^# bash completion/ });
});

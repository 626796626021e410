import { spawnSync } from 'node:child_process';
import t from 'tap';
import { manualPage } from '../../cli/man/page.js';
import { longName } from '../../cli/options.js';
import { tablesOf } from '../../cli/tables.js';
import { needs } from '../support/programs.js';
import { spillway } from './spawn.js';

/** What a reader sees, without the overstrikes of a typewriter. */
function typeset(page: string): { text: string; warnings: string } {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-rLL=200n'], {
    input: page,
    encoding: 'utf8',
    env: { ...process.env, GROFF_NO_SGR: '1' },
  });
  return { text: stdout.replaceAll(/.\u0008/g, '').replaceAll('‐', '-'), warnings: stderr };
}

const needsGroff = needs('groff', ['groff', '--version']);

void t.test(
  'The manual has each command and each option, and groff has no complaint.',
  { skip: needsGroff },
  async (t) => {
    const tables = await tablesOf();
    const { text, warnings } = typeset(manualPage(tables, '1.2.3-rc.1'));
    t.equal(warnings, '');
    t.match(text, 'spillway 1.2.3-rc.1');
    for (const { name, options } of tables) {
      t.match(text, new RegExp(`^   ${name}$`, 'm'));
      for (const key of Object.keys(options)) t.match(text, `--${longName(key)}`);
    }
  },
);

void t.test('What roff would take for its own is printed as it stands.', { skip: needsGroff }, async (t) => {
  const odd = "'a' \\fB .x `~/^\" -- …";
  const { text, warnings } = typeset(
    manualPage([{ name: 'odd', summary: '.so x', usage: [odd], options: {}, notes: [odd, '.ex'] }], '1'),
  );
  t.equal(warnings, '');
  t.equal(text.split(odd.replace('…', '...')).length, 3);
  t.match(text, '\n       .so x.\n');
  t.match(text, '\n       .ex\n');
});

void t.test('It is printed by the program itself.', async (t) => {
  const { code, stdout } = await spillway(t, ['man']).ended;
  t.equal(code, 0);
  t.match(stdout, /^\.TH SPILLWAY 1 "" "spillway \d/);
});

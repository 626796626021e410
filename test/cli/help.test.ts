import t from 'tap';
import { defineCommand, type CommandModule } from '../../cli/command.js';
import { COMMANDS } from '../../cli/commands.js';
import { helpText, overviewText } from '../../cli/help.js';
import { envName, longName } from '../../cli/options.js';

void t.test('A page shows usage, arguments, and each option with default, unit and variable.', (t) => {
  const page = helpText(
    defineCommand({
      name: 'test',
      summary: 'a command for this test',
      usage: ['spillway test <stream> [-- <command>]'],
      positionals: { name: '<stream>', help: 'what to read', min: 1, max: 1 },
      rest: { name: '-- <command>', help: 'what to run' },
      options: {
        tail: { type: 'integer', short: 'n', unit: 'records', default: 20, help: 'how much of the past' },
        recentBytes: {
          type: 'bytes',
          default: '64MiB',
          help: 'how much is remembered, over all streams and tenants',
        },
        output: { type: 'choice', choices: ['short', 'long', 'json', 'raw'], help: 'what form' },
        passThrough: { type: 'flag', default: true, help: 'print it too' },
        tenant: { type: 'string', required: true, value: 'name', help: 'whose' },
        system: { type: 'flag', env: false, help: 'instead' },
      },
      notes: ['A note at the end.'],
    }),
  );
  t.equal(
    page,
    `spillway test: a command for this test

Usage
  spillway test <stream> [-- <command>]

Arguments
  <stream>                    what to read
  -- <command>                what to run

Options
  -n, --tail <records>        how much of the past [default: 20 records]
                              [SPILLWAY_TAIL]
      --recent-bytes <bytes>  how much is remembered, over all streams and
                              tenants [default: 64MiB] [SPILLWAY_RECENT_BYTES]
      --output <short|long|json|raw>
                              what form [SPILLWAY_OUTPUT]
      --[no-]pass-through     print it too [default: true]
                              [SPILLWAY_PASS_THROUGH]
      --tenant <name>         whose [required] [SPILLWAY_TENANT]
      --system                instead
  -h, --help                  print this page

A note at the end.
`,
  );
  t.end();
});

for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
  void t.test(`The page of ${name} holds its whole table in 80 columns.`, async (t) => {
    const { command }: CommandModule = await load();
    t.equal(command.name, name);
    t.equal(command.summary, summary, 'the list of commands says the same');
    const page = helpText(command);
    for (const line of page.split('\n')) t.ok(line.length <= 80, line);
    for (const [key, option] of Object.entries(command.options)) {
      t.ok(page.includes(longName(key)), key);
      if (option.env !== false) t.ok(page.includes(`[${envName(key)}]`), envName(key));
    }
  });
}

void t.test('The first page names every command.', (t) => {
  const page = overviewText({ dev: 'all in one', relay: 'serves '.repeat(20).trim() });
  t.match(page, '  dev           all in one\n  relay         serves serves');
  for (const line of page.split('\n')) t.ok(line.length <= 80, line);
  t.end();
});

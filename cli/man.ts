import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { manualPage } from './man/page.js';
import { tablesOf } from './tables.js';
import { version } from './version.js';

export const command = defineCommand({
  name: 'man',
  summary: 'print the manual page',
  usage: ['spillway man | man -l -'],
  options: {},
  notes: [
    'It is made from the same tables as the help pages. Installed as a package, `man spillway` shows it.',
  ],
});

export async function run(_parsed: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  io.stdout.write(manualPage(await tablesOf(), version()));
  return 0;
}

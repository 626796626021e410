import type { CommandSpec } from './command.js';

/** Every command's table, in the order of the help page. It loads all of them: for what is asked once, not in passing. */
export async function tablesOf(): Promise<CommandSpec[]> {
  // Not before it is asked: the list of commands leads here.
  const { COMMANDS } = await import('./commands.js');
  const modules = await Promise.all(Object.values(COMMANDS).map(({ load }) => load()));
  return modules.map(({ command }) => command);
}

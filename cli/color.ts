import type { CommandIo } from './command.js';

/** Whether to print colours. @see https://no-color.org */
export function isColored(
  choice: 'auto' | 'always' | 'never',
  terminal: boolean,
  { NO_COLOR, TERM }: CommandIo['env'],
): boolean {
  if (choice !== 'auto') return choice === 'always';
  return terminal && !NO_COLOR && TERM !== 'dumb';
}

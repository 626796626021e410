import type { CommandSpec, OptionSpec } from '../command.js';
import { ABOUT, ENVIRONMENT } from '../help.js';
import { wordsOf } from '../option-words.js';

/** The manual page, in the man macros. @see man-pages(7) and groff_man(7) */
export function manualPage(commands: readonly CommandSpec[], version: string): string {
  return `${[
    `.TH SPILLWAY 1 "" "spillway ${escape(version)}" "User Commands"`,
    // Names of options are neither stretched nor broken.
    '.ad l',
    '.nh',
    '.SH NAME',
    'spillway \\- real\\-time logs from every container to every reader',
    '.SH SYNOPSIS',
    '.B spillway',
    '\\fIcommand\\fR [\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    text(ABOUT),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH ENVIRONMENT',
    text(ENVIRONMENT),
    '.TP',
    '.B NO_COLOR',
    'No colours, unless an option asks for them.',
    '.SH FILES',
    '.TP',
    '.I ~/.config/spillway/profiles.json',
    'Options by the name of a profile; below \\fI$XDG_CONFIG_HOME\\fR where that is set.',
    '.SH EXIT STATUS',
    ...[
      ['0', 'It did what was asked, or nobody reads its output any more.'],
      ['1', 'It could not; a sentence on standard error says why.'],
      ['2', 'A mistake in the words.'],
      ['130', 'Ended by Ctrl-C.'],
      ['143', 'Ended by SIGTERM, where that is not how a part is told to go.'],
    ].flatMap(([code = '', meaning = '']) => ['.TP', `.B ${code}`, text(meaning)]),
    text('The sidecar ends with the code of the command that it runs.'),
  ].join('\n')}\n`;
}

function commandLines({
  name,
  summary,
  usage,
  options,
  positionals,
  rest,
  notes = [],
}: CommandSpec): string[] {
  return [
    `.SS ${escape(name)}`,
    text(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    '.PP',
    '.nf',
    ...usage.map((line) => `.B ${escape(line)}`),
    '.fi',
    ...[positionals, rest]
      .filter((words) => words !== undefined)
      .flatMap(({ name, help }) => ['.TP', `\\fI${escape(name)}\\fR`, text(help)]),
    ...Object.entries(options).flatMap(([key, option]) => optionLines(key, option)),
    ...notes.flatMap((note) => ['.PP', text(note)]),
  ];
}

function optionLines(key: string, option: OptionSpec): string[] {
  const { short, long, negated, value, isBare, remarks } = wordsOf(key, option);
  const names = [short, long, negated]
    .filter((word) => word !== undefined)
    .map((word) => `\\fB${escape(word)}\\fR`)
    .join(', ');
  const takes = value === undefined ? '' : `\\fI${escape(value)}\\fR`;
  const head = takes === '' ? names : isBare ? `${names}[=${takes}]` : `${names} ${takes}`;
  const notes = remarks.map((remark) => ` [${remark}]`).join('');
  return ['.TP', head, text(option.help + notes)];
}

/** A line of running text: one that begins as a request would be taken for one. */
function text(words: string): string {
  const escaped = escape(words);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function escape(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll('…', '\\&...')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}

import type { CommandSpec, OptionSpec } from './command.js';
import { wordsOf } from './option-words.js';
import { wrap } from './wrap.js';

export const ABOUT =
  'Real-time logs from every container to every reader: no broker, no disk, and each dropped record counted.';

export const ENVIRONMENT = 'Most options are also environment variables, SPILLWAY_<OPTION>; the option wins.';

/** Where the explanations begin, unless what they explain is longer. */
const COLUMN = 30;

/** A command's help page: usage, each option with its default, unit and environment variable, notes. */
export function helpText(spec: CommandSpec, width = 80): string {
  const sections = [
    wrap(`spillway ${spec.name}: ${spec.summary}`.split(' '), width).join('\n'),
    section(
      'Usage',
      spec.usage.flatMap((line) => hanging(line, width)),
    ),
  ];
  const words = [spec.positionals, spec.rest].filter((words) => words !== undefined);
  if (words.length > 0) {
    sections.push(
      section(
        'Arguments',
        words.flatMap(({ name, help }) => entry(name, help.split(' '), width)),
      ),
    );
  }
  const options = Object.entries(spec.options).flatMap(([key, option]) =>
    entry(leftSide(key, option), rightSide(key, option), width),
  );
  options.push(...entry('-h, --help', 'print this page'.split(' '), width));
  sections.push(section('Options', options));
  for (const note of spec.notes ?? []) sections.push(wrap(note.split(' '), width).join('\n'));
  return `${sections.join('\n\n')}\n`;
}

/** The page of the whole program. */
export function overviewText(commands: Readonly<Record<string, string>>, width = 80): string {
  const list = Object.entries(commands).flatMap(([name, summary]) =>
    entry(name, summary.split(' '), width, 16),
  );
  return `${[
    wrap(ABOUT.split(' '), width).join('\n'),
    section('Usage', [
      '  spillway <command> [options]',
      '  spillway <command> --help',
      '  spillway --version',
    ]),
    section('Commands', list),
    wrap(ENVIRONMENT.split(' '), width).join('\n'),
  ].join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.join('\n')}`;
}

function leftSide(key: string, option: OptionSpec): string {
  const { short, long, negated, value, isBare } = wordsOf(key, option);
  const name = negated === undefined ? long : `--[no-]${long.slice(2)}`;
  const takes = value === undefined ? '' : isBare ? `[=<${value}>]` : ` <${value}>`;
  return `${short === undefined ? '    ' : `${short}, `}${name}${takes}`;
}

/** Words and bracketed remarks; a remark is not broken over lines. */
function rightSide(key: string, option: OptionSpec): string[] {
  return [...option.help.split(' '), ...wordsOf(key, option).remarks.map((remark) => `[${remark}]`)];
}

function hanging(line: string, width: number): string[] {
  return wrap(line.split(' '), width - 6).map((text, i) => (i === 0 ? '  ' : '      ') + text);
}

/** One line with both sides, or the left side on a line of its own where it is too long. */
function entry(left: string, right: readonly string[], width: number, column = COLUMN): string[] {
  const lines = wrap(right, width - column).map((line) => ' '.repeat(column) + line);
  const head = `  ${left}`;
  if (head.length + 2 > column) return [head, ...lines];
  const [first = '', ...others] = lines;
  return [head + first.slice(head.length), ...others];
}

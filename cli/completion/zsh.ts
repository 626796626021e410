import type { CommandSpec, OptionSpec } from '../command.js';
import { isPath, wordsOf } from '../option-words.js';

/** A completion function for zsh, as a file of `$fpath` or to be sourced. */
export function zshCompletion(commands: readonly CommandSpec[]): string {
  return `#compdef spillway
# zsh completion for spillway: source <(spillway completion zsh)
_spillway() {
  local context state state_descr line
  local -A opt_args
  _arguments -C \\
    '(- *)'{-h,--help}'[list the commands]' \\
    '(- *)'{-V,--version}'[print the version]' \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, summary }) => `        ${quote(`${escape(name, ':')}:${summary}`)}`).join('\n')}
      )
      _describe -t commands command commands
      ;;
    argument)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _spillway ]]; then
  _spillway "$@"
else
  compdef _spillway spillway
fi
`;
}

function commandCase({ name, options, positionals, rest }: CommandSpec): string {
  const specs = Object.entries(options).flatMap(([key, option]) => optionSpecs(key, option));
  specs.push(`'(- *)'{-h,--help}${quote('[print the help page]')}`);
  if (positionals !== undefined) {
    const words = /^\w+(?:\|\w+)+$/.test(positionals.name)
      ? `(${positionals.name.replaceAll('|', ' ')})`
      : '';
    specs.push(quote(`*:${escape(positionals.name, ':')}:${words}`));
  }
  if (rest !== undefined) specs.push(`'*::command:_normal -p spillway'`);
  return `        ${name})
          _arguments -s -S \\
${specs.map((spec) => `            ${spec}`).join(' \\\n')}
          ;;`;
}

/** One for the option, one for its negation. */
function optionSpecs(key: string, option: OptionSpec): string[] {
  const { short, long, negated, value, isBare } = wordsOf(key, option);
  const isMany = option.type === 'list' || option.type === 'patterns';
  const all = [short, long, negated].filter((word) => word !== undefined);
  const help = `[${escape(option.help, ']')}]`;
  const excluded = isMany ? '*' : `(${all.join(' ')})`;
  const takes = value === undefined ? '' : `${isBare ? '::' : ':'}${escape(value, ':')}:${actionOf(option)}`;
  const spec = (word: string, suffix: string) => quote(`${excluded}${word}${suffix}${help}${takes}`);
  const specs = [spec(long, value === undefined ? '' : isBare ? '=-' : '=')];
  if (short !== undefined) specs.unshift(spec(short, value === undefined || isBare ? '' : '+'));
  if (negated !== undefined) specs.push(quote(`${excluded}${negated}[not: ${escape(option.help, ']')}]`));
  return specs;
}

function actionOf(option: OptionSpec): string {
  if (option.choices !== undefined) return `(${option.choices.join(' ')})`;
  return isPath(option) ? '_files' : ' ';
}

function escape(text: string, char: ':' | ']'): string {
  const escaped = text.replaceAll(char, `\\${char}`);
  return char === ']' ? escaped.replaceAll('[', '\\[') : escaped;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

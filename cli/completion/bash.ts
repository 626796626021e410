import type { CommandSpec } from '../command.js';
import { isPath, wordsOf } from '../option-words.js';

/** A completion function for bash 4 and later, without the help of bash-completion. */
export function bashCompletion(commands: readonly CommandSpec[]): string {
  const names = [...commands.map(({ name }) => name), 'help', '--help', '--version'];
  return `# bash completion for spillway: source <(spillway completion bash)
_spillway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} words= i
  # --color=al comes as three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur"))
    return
  fi
  # Behind -- is a command of the user's own.
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      COMPREPLY=($(compgen -A command -A file -- "$cur"))
      return
    fi
  done
  case $command in
${commands.map(commandCase).join('\n')}
    help) words='${commands.map(({ name }) => name).join(' ')}' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _spillway spillway
`;
}

function commandCase({ name, options, positionals }: CommandSpec): string {
  const lines: string[] = [];
  const unknown: string[] = [];
  const all = ['--help'];
  for (const [key, option] of Object.entries(options)) {
    const { short, long, negated, value, isBare } = wordsOf(key, option);
    all.push(long, ...(negated === undefined ? [] : [negated]));
    const pattern = [...(short === undefined ? [] : [short]), long].join(' | ');
    if (value === undefined || isBare) continue;
    if (option.choices !== undefined)
      lines.push(`        ${pattern}) words='${option.choices.join(' ')}' ;;`);
    else if (isPath(option)) lines.push(`        ${pattern}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`);
    else unknown.push(pattern);
  }
  if (unknown.length > 0) lines.push(`        ${unknown.join(' | ')}) return ;;`);
  const words = /^\w+(?:\|\w+)+$/.test(positionals?.name ?? '') ? (positionals?.name ?? '').split('|') : [];
  lines.push(`        *) words='${[...words, ...all].join(' ')}' ;;`);
  return `    ${name})
      case $prev in
${lines.join('\n')}
      esac
      ;;`;
}

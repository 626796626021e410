import { bashCompletion } from './completion/bash.js';
import { zshCompletion } from './completion/zsh.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';
import { UsageError } from './errors.js';
import { didYouMean } from './suggest.js';
import { tablesOf } from './tables.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion } as const;

export const command = defineCommand({
  name: 'completion',
  summary: 'print what makes a shell complete the words of spillway',
  usage: ['spillway completion bash|zsh'],
  positionals: { name: 'bash|zsh', help: 'the shell', min: 1, max: 1 },
  options: {},
  notes: [
    'bash: put `source <(spillway completion bash)` into ~/.bashrc.',
    'zsh: put `source <(spillway completion zsh)` into ~/.zshrc, behind compinit; or keep it as _spillway in a folder of $fpath.',
  ],
});

export async function run({ positionals }: ParsedFor<typeof command>, io: CommandIo): Promise<number> {
  const [shell = ''] = positionals;
  if (!Object.hasOwn(SHELLS, shell)) {
    const names = Object.keys(SHELLS);
    throw new UsageError(
      `no completion for ${JSON.stringify(shell)}, only for ${names.join(' and ')}${didYouMean(shell, names)}`,
    );
  }
  io.stdout.write(SHELLS[shell as keyof typeof SHELLS](await tablesOf()));
  return 0;
}

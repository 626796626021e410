import { existsSync } from 'node:fs';

/** Why a command could not be started: a shell's exit code and a shell's sentence. */
export interface StartFailure {
  /** 127 if there is no such program, 126 if there is one that cannot be run. */
  readonly code: 126 | 127;
  readonly sentence: string;
}

/** @param error what spawning `file` in the folder `cwd` failed with */
export function explainFailure(file: string, error: NodeJS.ErrnoException, cwd?: string): StartFailure {
  switch (error.code) {
    case 'ENOENT':
      if (cwd !== undefined && !existsSync(cwd))
        return { code: 126, sentence: `${cwd}: no such folder to run ${file} in` };
      if (!file.includes('/')) return { code: 127, sentence: `${file}: command not found` };
      if (!existsSync(file)) return { code: 127, sentence: `${file}: no such file or directory` };
      return { code: 127, sentence: `${file}: the interpreter or loader that it names is not there` };
    case 'EACCES':
      return { code: 126, sentence: `${file}: permission denied` };
    default:
      return { code: 126, sentence: `${file}: cannot be run: ${error.message}` };
  }
}

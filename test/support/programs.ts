import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * What to give tap as `skip` where a program is absent: false, or the sentence that says how to get it.
 *
 * @param probe a command that succeeds where the program is usable
 */
export function needs(program: string, probe: readonly [string, ...string[]]): false | string {
  const [file, ...args] = probe;
  const found =
    file.startsWith('/') && args.length === 0 ? existsSync(file) : spawnSync(file, args).status === 0;
  return found ? false : `${program} is not installed: run test/install-tools.sh`;
}

export const CHROMIUM = '/usr/bin/chromium';
export const needsChromium = () => needs('chromium', [CHROMIUM]);

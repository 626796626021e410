import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UsageError } from '../../cli/errors.js';
import type { Scope } from '../lib/scope.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const run = promisify(execFile);

/**
 * Builds the tree of a commit in a folder that goes with the scope. Answers its command line.
 *
 * @throws {UsageError} where it has none
 */
export async function buildTree(scope: Scope, commit: string): Promise<string> {
  const folder = join(mkdtempSync(join(tmpdir(), 'spillway-compare-')), 'tree');
  scope.defer(async () => {
    await run('git', ['worktree', 'remove', '--force', folder], { cwd: ROOT }).catch(() => {});
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });
  await run('git', ['worktree', 'add', '--detach', folder, commit], { cwd: ROOT });
  if (lockOf(folder) === lockOf(ROOT)) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  await run('npm', ['run', '--silent', 'build'], { cwd: folder });
  const bin = join(folder, 'dist/cli/bin.js');
  if (!existsSync(bin)) throw new UsageError(`${commit} has no command line to compare with`, 'bad-value');
  return bin;
}

function lockOf(tree: string): string {
  return readFileSync(join(tree, 'package-lock.json'), 'utf8');
}

/** @throws {UsageError} where git knows none */
export async function commitOf(ref: string): Promise<string> {
  try {
    const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
    return (await run('git', words, { cwd: ROOT })).stdout.trim();
  } catch {
    throw new UsageError(`git knows no commit ${ref}`, 'bad-value');
  }
}

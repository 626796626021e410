import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BIN } from './processes.js';
import { needs } from './programs.js';

const run = promisify(execFile);

export const needsTmux = () => needs('tmux', ['tmux', '-V']);

interface Test {
  teardown(handler: () => unknown): void;
}

export interface Terminal {
  /** What is on the screen, without the blanks at the ends of lines. */
  screen(options?: { escapes?: boolean; history?: boolean }): Promise<string>;
  /** Waits until the screen matches, and answers it with what has scrolled away. */
  until(pattern: RegExp | ((screen: string) => boolean)): Promise<string>;
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: `C-c`, `Enter`, `Up`. */
  press(...keys: string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Longer than anything takes on a busy machine; then the screen says more than a timeout would. */
const PATIENCE_MS = 30_000;

/** The compiled program as a word of a shell. */
export const SPILLWAY = `${process.execPath} ${BIN}`;

/**
 * A real terminal, of a tmux server of its own, in which a command runs; it ends with the test. The screen stays when
 * the command has ended.
 */
export async function openTerminal(
  t: Test,
  command: readonly string[],
  { columns = 80, rows = 24, env = {} }: TerminalOptions = {},
): Promise<Terminal> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-tmux-'));
  const tmux = async (...args: string[]) => {
    const { stdout } = await run('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
      env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', SHELL: '/bin/sh' },
    });
    return stdout;
  };
  t.teardown(async () => {
    await tmux('kill-server').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  });
  const size = ['-x', String(columns), '-y', String(rows)];
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  // A server without a session ends: options can be set only once there is one.
  const keep = [';', 'set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'status', 'off'];
  await tmux('new-session', '-d', ...size, ...variables, ...command, ...keep);
  await tmux('resize-window', ...size);
  const screen: Terminal['screen'] = async ({ escapes = false, history = false } = {}) =>
    tmux('capture-pane', '-p', ...(escapes ? ['-e'] : []), ...(history ? ['-S', '-', '-J'] : []));
  return {
    screen,
    until: async (pattern) => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const text = await screen({ history: true });
        if (typeof pattern === 'function' ? pattern(text) : pattern.test(text)) return text;
        if (performance.now() > deadline) throw new Error(`no ${String(pattern)} on the screen:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    resize: async (columns, rows) =>
      void (await tmux('resize-window', '-x', String(columns), '-y', String(rows))),
  };
}

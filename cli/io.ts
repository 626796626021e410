import type { CommandIo } from './command.js';

/**
 * This process as a command sees it. A stream is opened by the first look at it.
 *
 * Nobody reads standard output any more (EPIPE): that is how `spillway logs … | head` ends, so the process ends with
 * 0, unless the command listens for `error` itself.
 */
export class ProcessIo implements CommandIo {
  readonly env = process.env;
  #stdout: NodeJS.WriteStream | undefined;
  #stderr: NodeJS.WriteStream | undefined;

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    if (this.#stdout === undefined) {
      const { stdout } = process;
      this.#stdout = stdout;
      stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (stdout.listenerCount('error') > 1) return;
        if (error.code === 'EPIPE') process.exit(0);
        throw error;
      });
    }
    return this.#stdout;
  }

  /** Nobody can be told that nobody listens: errors of standard error are dropped. */
  get stderr(): NodeJS.WriteStream {
    if (this.#stderr === undefined) {
      this.#stderr = process.stderr;
      this.#stderr.on('error', () => {});
    }
    return this.#stderr;
  }

  /** Resolves when what was written is with the system; a pipe takes 64 KiB at a time and process.exit() waits for none. */
  async flush(): Promise<void> {
    for (const stream of [this.#stdout, this.#stderr]) {
      if (stream !== undefined) await new Promise((resolve) => stream.write('', resolve));
    }
  }
}

import { createContext, Script } from 'node:vm';
import { UsageError } from '../errors.js';

/** How long the lines that one read brings may take, ms. A usual pattern needs some microseconds a line. */
export const DEFAULT_PATTERN_LIMIT_MS = 2_000;

/** The code of what node:vm throws where Ctrl-C has ended what it ran. */
export const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';

/**
 * Makes a function that runs something so that it can be stopped. A regular expression that goes through all ways of
 * matching a line gives way neither to timers nor to signals; V8 ends it where `vm` has started it, at the latest after
 * `limit`, and at once on Ctrl-C. It costs some 0.1 ms a call: not for each line.
 *
 * @throws {UsageError} the patterns take too long; {@link INTERRUPTED} after Ctrl-C
 */
export function stoppable(limit = DEFAULT_PATTERN_LIMIT_MS): <T>(work: () => T) => T {
  const global: { work: () => unknown } = { work: () => undefined };
  const context = createContext(global);
  const script = new Script('work()');
  return <T>(work: () => T): T => {
    global.work = work;
    try {
      return script.runInContext(context, { timeout: limit, breakOnSigint: true }) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new UsageError(
        `a pattern takes too long for some line (given up after ${limit / 1000} s): make it simpler, without one repetition inside another as in (a+)+`,
      );
    }
  };
}

import type { CommandIo, CommandSpec, Parsed } from './command.js';
import { COMMANDS, type CommandEntry } from './commands.js';
import { UsageError } from './errors.js';
import { ProcessIo } from './io.js';
import { parseCommand } from './options.js';
import { didYouMean } from './suggest.js';
import { version } from './version.js';

/** Runs the command that the words of this process name, and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const io = new ProcessIo();
  process.on('uncaughtException', (error) => process.exit(report(error, argv, io)));
  let code: number;
  try {
    code = await dispatch(argv, io);
  } catch (error) {
    code = report(error, argv, io);
  }
  await io.flush();
  // A handle that a command left open must not keep its process alive.
  process.exit(code);
}

/** @returns the exit code */
async function dispatch(argv: readonly string[], io: CommandIo): Promise<number> {
  const unhook = endOnSignals();
  const [first, second, ...others] = argv;
  if (first === '--version' || first === '-V') {
    io.stdout.write(`${version()}\n`);
    return 0;
  }
  if (
    first === undefined ||
    first === '--help' ||
    first === '-h' ||
    (first === 'help' && second === undefined)
  ) {
    const { overviewText } = await import('./help.js');
    const summaries = Object.fromEntries(
      Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]),
    );
    (first === undefined ? io.stderr : io.stdout).write(overviewText(summaries));
    return first === undefined ? 2 : 0;
  }
  if (first === 'help') return dispatch([second as string, '--help', ...others], io);
  if (!Object.hasOwn(COMMANDS, first)) throw unknownCommand(first);
  const { load, ownSignals } = COMMANDS[first] as CommandEntry;
  const module = await load();
  const parsed = await parseWords(module.command, argv.slice(1), io);
  if (!parsed.help) {
    if (!ownSignals) return module.run(parsed, io);
    unhook();
    try {
      return await module.run(parsed, io);
    } finally {
      // What it has written may wait for a reader that does not come.
      endOnSignals();
    }
  }
  const { helpText } = await import('./help.js');
  io.stdout.write(helpText(module.command));
  return 0;
}

/** A command with an option `profile` has a layer of options more, which that option names. */
async function parseWords(command: CommandSpec, words: readonly string[], io: CommandIo): Promise<Parsed> {
  const parsed = parseCommand(command, words, io.env);
  if (command.options['profile'] === undefined || parsed.help) return parsed;
  const { readProfile } = await import('./profile.js');
  const profile = readProfile(parsed.values['profile'], io.env);
  return parseCommand(command, words, io.env, profile);
}

function unknownCommand(word: string): UsageError {
  if (word.startsWith('-')) {
    return new UsageError(`unknown option ${word}, the name of a command comes first`, 'unknown-option');
  }
  return new UsageError(
    `unknown command ${word}${didYouMean(word, Object.keys(COMMANDS))}`,
    'unknown-command',
  );
}

/** What node:vm throws where Ctrl-C has ended what it ran. */
const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';

/**
 * Says why the process ends, and gives the exit code. What a peer, the system or the user did (an error with a code)
 * is a sentence; anything else is a defect of ours, and its stack is what a report of it needs.
 */
function report(error: unknown, [word = '']: readonly string[], io: CommandIo): number {
  if (error instanceof UsageError) {
    const page = Object.hasOwn(COMMANDS, word) ? `${word} --help` : '--help';
    io.stderr.write(`spillway: ${error.message}; see spillway ${page}\n`);
    return 2;
  }
  if ((error as { code?: unknown } | undefined)?.code === INTERRUPTED) return 130;
  const known = error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
  const text = known
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  io.stderr.write(`spillway: ${text}\n`);
  return 1;
}

/**
 * 128 + n, as a shell counts a death by a signal. As process 1 of a container, a process without a handler would not
 * die at all.
 */
const END_BY_SIGNAL = {
  SIGINT: () => process.exit(130),
  SIGTERM: () => process.exit(143),
};

/** @returns takes it back */
function endOnSignals(): () => void {
  const entries = Object.entries(END_BY_SIGNAL) as [NodeJS.Signals, () => void][];
  for (const [signal, end] of entries) process.on(signal, end);
  return () => {
    for (const [signal, end] of entries) process.off(signal, end);
  };
}

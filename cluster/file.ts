import { checkEntry, parseEntryText, type ConsolidatorEntry } from './entry.js';
import { ClusterError } from './errors.js';
import type { Sink, Source } from './source.js';
import { WatchedFile } from './watched-file.js';

/**
 * Watches a file of entries: one a line, as {@link parseEntryText} reads them (`#` begins a comment line), or a JSON
 * array of such texts and of objects. What it says counts at once.
 *
 * A file that is missing, that is empty, whose JSON does not parse or whose last line has no end is taken for one that
 * is being written: what was known stays. `[]` or a comment says that there are none. Write beside it and rename: a
 * cut between two lines is the one state that cannot be told from a whole file.
 */
export function watchFile(path: string, sink: Sink, poll?: number): Source {
  const handlers = {
    onText(text: string) {
      const { entries, problems } = parseFile(text);
      sink.set(entries);
      for (const problem of problems) sink.problem(problem);
    },
    onRead: () => sink.confirm(),
    onProblem: (error: ClusterError) => sink.problem(error),
  };
  return new WatchedFile(path, handlers, poll);
}

function parseFile(text: string): { entries: ConsolidatorEntry[]; problems: ClusterError[] } {
  const trimmed = text.trim();
  if (trimmed === '') throw unfinished('is empty');
  const items = trimmed.startsWith('[') ? parseJson(trimmed) : parseLines(text);
  const entries = new Map<string, ConsolidatorEntry>();
  const problems: ClusterError[] = [];
  items.forEach((item, at) => {
    try {
      const entry = typeof item === 'string' ? parseEntryText(item) : checkEntry(item, { local: true });
      entries.set(entry.id, entry);
    } catch (error) {
      const { message } = error as Error;
      problems.push(new ClusterError('entry', `Entry ${at + 1} is left out: ${message}.`, { cause: error }));
    }
  });
  return { entries: [...entries.values()], problems };
}

function parseJson(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch (cause) {
    throw unfinished('is no whole JSON array', { cause });
  }
}

function parseLines(text: string): string[] {
  if (!text.endsWith('\n')) throw unfinished('has a last line without an end');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function unfinished(what: string, options?: ErrorOptions): ClusterError {
  return new ClusterError('answer', `The file ${what}: what was known before stays.`, options);
}

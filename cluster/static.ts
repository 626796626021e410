import { parseEntryText } from './entry.js';
import type { Sink, Source } from './source.js';

/**
 * A list that somebody wrote on a command line: entries as {@link parseEntryText} reads them, with commas between.
 *
 * @throws {ClusterError} at the first that cannot be read: whoever wrote it is there to correct it
 */
export function watchStatic(list: string, sink: Sink): Source {
  const words = list.split(',').map((word) => word.trim());
  sink.set(words.filter((word) => word !== '').map(parseEntryText));
  return { close: async () => {} };
}

import { parseStream } from '../wire/index.js';
import { ConsolidatorError } from './errors.js';

/**
 * What publishers may claim, as streams: a topic is theirs if one of these covers it, by whole segments. Undefined where
 * they may claim anything.
 *
 * libzmq tells JavaScript nothing of a message's sender, so this holds for all that are let in at the door alike.
 *
 * @param streams `tenant/acme`, `tenant/acme/web-1`, `system`; a slash at the end may stand or not
 * @throws {ConsolidatorError} `accept` where one of them is no stream, or there is none: a list that was left empty by
 * mistake must not let everything through
 */
export function acceptOnly(streams: readonly string[] | undefined): ((topic: string) => boolean) | undefined {
  if (streams === undefined) return undefined;
  if (streams.length === 0) throw notStream('');
  const prefixes = streams.map((stream) => {
    const prefix = stream.endsWith('/') ? stream : `${stream}/`;
    if (parseStream(prefix) !== undefined) return prefix;
    throw notStream(stream);
  });
  return (topic) => prefixes.some((prefix) => topic.startsWith(prefix));
}

function notStream(word: string): ConsolidatorError {
  return new ConsolidatorError(
    'accept',
    `${JSON.stringify(word)} is not a stream that publishers could claim: write tenant/<tenant>, tenant/<tenant>/<container>, system or system/<component> after --accept.`,
  );
}

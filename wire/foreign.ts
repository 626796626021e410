import { DEFAULT_MAX_BODY_BYTES } from './message.js';

const NOTHING_ADOPTED = { body: Buffer.alloc(0), count: 0 };

/**
 * Makes a body out of what a two-frame message brought: each line that is a JSON object stays byte for byte but for
 * white space at its end, any other becomes the `msg` of a minimal record, and the last line gets the newline it may
 * lack.
 *
 * Wrapping makes a line longer, a blank one some hundred times, so the result is bounded again: a body that would
 * grow beyond `maxBytes` comes back empty, with `count` 0, which no body that was adopted has.
 *
 * @param defaults what a wrapped line cannot know about itself; `time` in ISO 8601
 * @param maxBytes longest body that the next receiver takes
 */
export function adoptBody(
  body: Buffer,
  defaults: { name: string; hostname: string; time: string },
  maxBytes = DEFAULT_MAX_BODY_BYTES,
): { body: Buffer; count: number } {
  const lines = body.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  let text = '';
  for (const line of lines) {
    text += isJsonObject(line)
      ? line.trimEnd()
      : JSON.stringify(plainRecord(line.replace(/\r$/, ''), defaults));
    text += '\n';
    if (text.length > maxBytes) return NOTHING_ADOPTED;
  }
  const adopted = Buffer.from(text, 'utf8');
  return adopted.length > maxBytes ? NOTHING_ADOPTED : { body: adopted, count: lines.length };
}

/** A line that is no record, as a record of level 30. */
export function plainRecord(
  msg: string,
  { name, hostname, time }: { name: string; hostname: string; time: string },
) {
  return { name, hostname, pid: 0, level: 30, msg, time, v: 0 };
}

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

import type { Pairs } from './pairs.js';

/** The line begins with a key; cheap to refuse, since prose has a space before any `=`. */
const BEGINS = /^[A-Za-z_@][\w.@/-]{0,63}=/;
const PAIR = /([^\s="\\]{1,256})=(?:"([^"\\]*(?:\\[^][^"\\]*)*)"|([^\s"]*))(?: {1,8}|$)/y;
const LEVEL_KEYS = new Set(['level', 'lvl', 'severity']);
const MESSAGE_KEYS = new Set(['msg', 'message']);

/**
 * logfmt as logrus, slog, go-kit and Heroku's tools write it. The whole line must be pairs, a level and a message among
 * them: `a=1` in a sentence makes none. Values stay text, as they were written.
 */
export function readLogfmt(line: string): Pairs | undefined {
  if (!BEGINS.test(line)) return undefined;
  const pairs: [string, string][] = [];
  const text = line.trimEnd();
  let level = false;
  let message = false;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    if (match === null) return undefined;
    const [, key = '', quoted, bare = ''] = match;
    pairs.push([key, quoted === undefined ? bare : unescape(quoted)]);
    level ||= LEVEL_KEYS.has(key);
    message ||= MESSAGE_KEYS.has(key);
  }
  return level && message ? pairs : undefined;
}

/** Go's strconv.Quote is JSON but for a few escapes; a text with one of those stays as it is written. */
function unescape(quoted: string): string {
  if (!quoted.includes('\\')) return quoted;
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch {
    return quoted;
  }
}

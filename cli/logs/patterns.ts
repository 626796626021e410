import { formatRecord } from '../../relay/encode/text.js';
import { parseRecord } from './parse-record.js';

export interface PatternOptions {
  /** Of these one must match, unless there are none. */
  readonly include: readonly RegExp[];
  /** Of these none may match. */
  readonly exclude: readonly RegExp[];
}

/** Says of the line of a record whether it is wanted. What is looked at is the text that `-o short` has of it. */
export function matcher({ include, exclude }: PatternOptions): (line: string) => boolean {
  if (include.length === 0 && exclude.length === 0) return () => true;
  return (line) => {
    const text = textOf(line);
    return (
      (include.length === 0 || include.some((pattern) => pattern.test(text))) &&
      !exclude.some((pattern) => pattern.test(text))
    );
  };
}

function textOf(line: string): string {
  const record = parseRecord(line);
  return record === undefined ? line : formatRecord(record, { mode: 'short' }).trimEnd();
}

const SGR = /\u001b\[[0-9;]*m/g;
const [ON, OFF] = ['\u001b[7m', '\u001b[27m'];

/** Inverts what matches. Matches are looked for in the text that is seen, so colours within them do not matter. */
export function highlighter(patterns: readonly RegExp[]): (text: string) => string {
  if (patterns.length === 0) return (text) => text;
  const all = patterns.map(({ source, flags }) => new RegExp(source, `${flags}g`));
  return (text) => {
    const seen = text.replaceAll(SGR, '');
    const marked = new Uint8Array(seen.length);
    for (const pattern of all) {
      for (const { index, 0: match } of seen.matchAll(pattern)) marked.fill(1, index, index + match.length);
    }
    return marked.includes(1) ? invert(text, marked) : text;
  };
}

/** @param marked of each character that is seen, whether it is to be inverted */
function invert(text: string, marked: Uint8Array): string {
  let out = '';
  let isOn = false;
  let at = 0;
  for (const [part] of text.matchAll(/\u001b\[[0-9;]*m|[^\u001b]+|\u001b/g)) {
    if (part.length > 1 && part.startsWith('\u001b')) {
      out += part;
      continue;
    }
    // By characters: a pattern may match one half of a pair.
    for (const char of part) {
      // A line feed ends it, so that what a terminal does with the rest of the line stays as it was.
      const wanted = char !== '\n' && marked.subarray(at, at + char.length).includes(1);
      at += char.length;
      if (wanted !== isOn) out += wanted ? ON : OFF;
      isOn = wanted;
      out += char;
    }
  }
  return isOn ? out + OFF : out;
}

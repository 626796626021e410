/** What somebody typed into the search field, understood. */
export type Query =
  | { readonly kind: 'all' }
  /** Text in whatever case. Its pattern has no choice of ways, so it costs little in any line. */
  | { readonly kind: 'text'; readonly pattern: RegExp }
  /** A regular expression of the reader's own, which may take for ever: for a {@link Matcher} only. */
  | { readonly kind: 'expression'; readonly pattern: RegExp }
  /** No regular expression; the sentence says what is wrong with it. */
  | { readonly kind: 'error'; readonly message: string };

/** `text` in whatever case, or `/a regular expression/flags`. What ends otherwise is text: `/var/log`. */
export function parseQuery(text: string): Query {
  if (text.trim() === '') return { kind: 'all' };
  const [, source, flags = ''] = /^\/(.+)\/([dgimsuvy]*)$/.exec(text) ?? [];
  try {
    if (source === undefined) return { kind: 'text', pattern: new RegExp(escape(text), 'gi') };
    return { kind: 'expression', pattern: new RegExp(source, `${flags.replaceAll(/[gy]/g, '')}g`) };
  } catch (error) {
    return { kind: 'error', message: (error as Error).message.replace(/^Invalid regular expression: /, '') };
  }
}

/** Where something matches: [from, to) in order. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** Most that are marked in one text. */
const MAX_RANGES = 50;

export function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** Undefined where it does not match. Matches of nothing are left out, and so is what comes after `max`. */
export function rangesOf(pattern: RegExp, text: string, max = MAX_RANGES): Ranges | undefined {
  if (!matches(pattern, text)) return undefined;
  const ranges: [number, number][] = [];
  pattern.lastIndex = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (found.length > 0) ranges.push([index, index + found.length]);
    if (ranges.length === max) break;
  }
  return ranges;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

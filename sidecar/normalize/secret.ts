const BACKSLASH = 0x5c;
const SCHEME = /(?:Bearer|Basic) {1,3}/iy;
const BARE = /[^\s,;&"']+/y;
const OPENS = '{[';
const CLOSES = '}]';
const ENCLOSES = '}])';

/**
 * One past the secret that begins at `from`, behind a name and its `=` or `:`; `from` where there is none. Where a text
 * leaves open how far it goes, too much is taken: an open quote or bracket, as of a line that was cut, ends with the
 * text. Reads each character once.
 */
export function endOfSecret(text: string, from: number): number {
  SCHEME.lastIndex = from;
  const start = SCHEME.test(text) ? SCHEME.lastIndex : from;
  const end = endOfValue(text, start);
  return end === start ? endOfValue(text, from) : end;
}

function endOfValue(text: string, from: number): number {
  const quote = from + slashesAt(text, from);
  if (isQuote(text, quote)) {
    const end = endOfQuoted(text, from, quote);
    const isEmpty = end === quote + 1 || text.startsWith(text.slice(from, quote + 1), quote + 1);
    return isEmpty ? from : end;
  }
  if (!isOneOf(OPENS, text, from)) return endOfBare(text, from);
  const end = endOfBracketed(text, from);
  // What encloses it may close right behind it.
  return isOneOf(ENCLOSES, text, end) ? end : endOfBare(text, end);
}

/**
 * To the end of a string whose opening quote, at `quote`, is escaped by the backslashes from `from` on: as often as it
 * stands within strings. A quote with fewer ends the string around it, one with more belongs to it.
 */
function endOfQuoted(text: string, from: number, quote: number): number {
  const mark = text.charAt(quote);
  const depth = quote - from;
  let at = quote + 1;
  while (at < text.length) {
    const slashes = slashesAt(text, at);
    const next = at + slashes;
    if (text.charAt(next) === mark) {
      if (slashes < depth) return at;
      // The surplus is backslashes of its own, each written as so many.
      if ((slashes - depth) % (2 * (depth + 1)) === 0) return next + 1;
    }
    at = next + 1;
  }
  return text.length;
}

function endOfBracketed(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length;) {
    const quote = at + slashesAt(text, at);
    if (isQuote(text, quote)) {
      at = endOfQuoted(text, at, quote);
      continue;
    }
    if (isOneOf(OPENS, text, quote)) depth += 1;
    else if (isOneOf(CLOSES, text, quote)) depth -= 1;
    at = quote + 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** To what ends a word. A quote that does may be escaped. */
function endOfBare(text: string, from: number): number {
  BARE.lastIndex = from;
  if (!BARE.test(text)) return from;
  let end = BARE.lastIndex;
  if (isQuote(text, end)) while (end > from && text.charCodeAt(end - 1) === BACKSLASH) end -= 1;
  return end;
}

function slashesAt(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === BACKSLASH) at += 1;
  return at - from;
}

function isQuote(text: string, at: number): boolean {
  return isOneOf(`"'`, text, at);
}

function isOneOf(marks: string, text: string, at: number): boolean {
  return at < text.length && marks.includes(text.charAt(at));
}

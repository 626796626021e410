import { NormalizeError } from './errors.js';
import { parseObject } from './json/object.js';
import { COLON, QUOTE, skipSpace, skipString, skipValue, unquote } from './json/scan.js';
import { endOfSecret } from './secret.js';

export interface RedactOptions {
  /**
   * Names of fields whose values go, in any case and however their words are joined: `api_key` also means `apiKey`,
   * `API-Key` and `x-api-key`.
   */
  readonly fields?: readonly string[];
  /** What goes wherever it stands in a text. Each must be linear in the length of a line, which the outside writes. */
  readonly patterns?: readonly RegExp[];
}

export const DEFAULT_REDACT_FIELDS: readonly string[] = (
  'password passwd passphrase pwd secret secret_key client_secret private_key authorization cookie session_id ' +
  'token jwt api_key access_key aws_secret_access_key credentials'
).split(' ');

export const DEFAULT_REDACT_PATTERNS: readonly RegExp[] = [
  // A header in a text, to the end of its value; a quote is part of that where it follows a `=`.
  /(?<=\b(?:authorization|cookie):(?: |(?! )))[^\r\n"']+(?:(?<==\\{0,3})"[^"\r\n]*"?[^\r\n"']*)*/i,
  /(?<=\bBearer {1,3})[\w~+/.=-]{8,}/i,
  // A JSON Web Token (RFC 7519) begins with {" in base64.
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /(?<!\w)(?:gh[pousr]_\w{36}|github_pat_\w{22}|npm_\w{36}|sk_live_\w{16}|xox[abeprs]-[\w-]{10})[\w-]*/,
  /(?<![\w-])AIza[\w-]{35}(?![\w-])/,
  // The password of a URL.
  /(?<=:\/\/[^\s/:@]{0,128}:)[^\s/@]{1,256}(?=@)/,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/,
];

export const DEFAULT_REDACT: RedactOptions = {
  fields: DEFAULT_REDACT_FIELDS,
  patterns: DEFAULT_REDACT_PATTERNS,
};

/** What stands in place of what was taken out. */
export const REDACTED = '[redacted]';

const NOTHING_SECRET = new Set(['null', 'true', 'false', '""']);
/** Keys of which the verdict is remembered; a hostile line could bring any number. */
const MAX_KNOWN = 4096;
/** A longer key is looked at each time, so that those remembered are few bytes. */
const MAX_KNOWN_LENGTH = 64;

/** Takes secrets out of lines before anything else reads them, and counts each. */
export class Redactor {
  readonly #suffixes: readonly string[];
  readonly #known = new Map<string, boolean>();
  /** Whether there is anything to do in a line; never misses, as long as nothing is escaped. */
  readonly #hints: readonly RegExp[];
  readonly #patterns: readonly RegExp[];
  readonly #named: RegExp | undefined;
  #count = 0;

  /** Throws a NormalizeError for a name or a pattern that would match anything. */
  constructor(options: RedactOptions) {
    const fields = options.fields ?? [];
    const patterns = options.patterns ?? [];
    this.#suffixes = fields.map(plainName);
    if (this.#suffixes.includes('')) {
      throw new NormalizeError(
        'pattern',
        'A field to redact has no letter or digit in its name: give its name.',
      );
    }
    for (const pattern of patterns) {
      if (!new RegExp(pattern.source, flags(pattern, '')).test('')) continue;
      throw new NormalizeError(
        'pattern',
        `${String(pattern)} matches an empty text: write what it is to take out.`,
      );
    }
    this.#patterns = patterns.map((pattern) => new RegExp(pattern.source, flags(pattern, 'g')));
    const names = this.#suffixes.map((name) => name.split('').join('[-_. ]?')).join('|');
    this.#named =
      fields.length === 0
        ? undefined
        : new RegExp(`(?:${names})\\\\*["']?[ \\t]{0,3}${BETWEEN}[ \\t]{0,3}`, 'gi');
    const hints = patterns.map((pattern) => new RegExp(pattern.source, flags(pattern, '')));
    this.#hints = fields.length === 0 ? hints : [new RegExp(names, 'i'), ...hints];
  }

  /** Values taken out so far. */
  get count(): number {
    return this.#count;
  }

  redact(line: string): string {
    if (!line.includes('\\u') && !this.#hints.some((hint) => hint.test(line))) return line;
    const json = line.trim();
    return json.startsWith('{') && parseObject(json) !== undefined ? this.#json(json) : this.#text(line);
  }

  /** At any depth, in the text itself: what is not secret stays as it was written. */
  #json(text: string): string {
    let out = '';
    let copied = 0;
    let at = 0;
    const replace = (from: number, to: number, value: string): void => {
      out += text.slice(copied, from) + JSON.stringify(value);
      copied = to;
    };
    while (at < text.length) {
      if (text.charCodeAt(at) !== QUOTE) {
        at += 1;
        continue;
      }
      const start = at;
      const end = skipString(text, start);
      const string = unquote(text.slice(start, end));
      at = skipSpace(text, end);
      if (text.charCodeAt(at) !== COLON) {
        const cleaned = this.#text(string);
        if (cleaned !== string) replace(start, end, cleaned);
        continue;
      }
      at = skipSpace(text, at + 1);
      if (!this.#secret(string)) continue;
      const valueEnd = skipValue(text, at);
      if (!NOTHING_SECRET.has(text.slice(at, valueEnd))) {
        replace(at, valueEnd, REDACTED);
        this.#count += 1;
      }
      at = valueEnd;
    }
    return out + text.slice(copied);
  }

  /** Patterns first: they know how far a header goes, which to a name is words. */
  #text(text: string): string {
    let out = text;
    for (const pattern of this.#patterns) {
      out = out.replace(pattern, (match) => {
        if (match.includes(REDACTED)) return match;
        this.#count += 1;
        return REDACTED;
      });
    }
    return this.#named === undefined ? out : this.#valuesOf(this.#named, out);
  }

  #valuesOf(named: RegExp, text: string): string {
    let out = '';
    let copied = 0;
    while (named.test(text)) {
      const from = named.lastIndex;
      const end = endOfSecret(text, from);
      if (end === from || text.slice(from, end) === REDACTED) continue;
      out += text.slice(copied, from) + REDACTED;
      copied = end;
      named.lastIndex = end;
      this.#count += 1;
    }
    return out + text.slice(copied);
  }

  #secret(key: string): boolean {
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const name = plainName(key);
    const secret = this.#suffixes.some((suffix) => name.endsWith(suffix));
    // A copy: a part of a line would keep all of it in memory.
    if (this.#known.size < MAX_KNOWN && key.length <= MAX_KNOWN_LENGTH)
      this.#known.set(Buffer.from(key, 'utf16le').toString('utf16le'), secret);
    return secret;
  }
}

/** What stands between a name and its value; `=>`, `:=` and `==` only where they cannot be its beginning. */
const BETWEEN = `[=:](?:[=:>](?=[ \\t"'\\\\{[]))?`;

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function flags(pattern: RegExp, added: string): string {
  return pattern.flags.replace(/[gy]/g, '') + added;
}

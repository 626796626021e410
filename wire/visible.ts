/**
 * What a tenant's line may not do to the terminal or page that shows it: move the cursor, set the title, answer back, or turn
 * the direction of the text around it.
 *
 * @see https://trojansource.codes for what the bidirectional controls can do
 */

/** Whether a code unit drives a terminal: C0 without tab and line feed, DEL, C1, and the bidirectional controls. */
function isDriver(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a;
  if (code < 0x7f) return false;
  if (code <= 0x9f) return true;
  if (code < 0x061c) return false;
  return (
    code === 0x061c ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

/** The text with a picture in each driver's place: `␛` for ESC, `<U+202E>` where Unicode has none. */
export function visible(text: string): string {
  return replace(text, (code) => {
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '␡' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** JSON text with JSON's own escapes in their place: it means the same. */
export function visibleJson(text: string): string {
  return replace(text, (code) => `\\u${code.toString(16).padStart(4, '0')}`);
}

/** All strings and keys of a parsed value made visible. What nests beyond this is not worth a stack overflow. */
export function visibleValue(value: unknown, depth = 100): unknown {
  if (typeof value === 'string') return visible(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((item) => visibleValue(item, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [visible(key), visibleValue(item, depth - 1)]),
  );
}

/** Nearly every line has none, and comes back as it is. */
function replace(text: string, picture: (code: number) => string): string {
  let out = '';
  let done = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isDriver(code)) continue;
    out += text.slice(done, i);
    // A CR before a line feed is the end of a line, and moves nothing that the line feed does not.
    if (code !== 0x0d || text.charCodeAt(i + 1) !== 0x0a) out += picture(code);
    done = i + 1;
  }
  return done === 0 ? text : out + text.slice(done);
}

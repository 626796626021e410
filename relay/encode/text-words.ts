import { format } from 'node:util';

/**
 * How bunyan's program turns values into words. It was written for values of the right types, and a record may hold
 * anything: these print what it prints, and print JSON where it would throw.
 */

/** `%s` of node's `util.format`. */
export function spell(value: unknown): string {
  return typeof value === 'string' ? value : attempt(value, () => format('%s', value));
}

/** `'' + value`. */
export function glue(value: unknown): string {
  return typeof value === 'string' ? value : attempt(value, () => String(value));
}

/** Each line four further in; a CR before a line feed goes. */
export function indent(text: string): string {
  if (!text.includes('\n')) return `    ${text}`;
  const lines = text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
  return `    ${lines.replaceAll('\n', '\n    ')}`;
}

/** An object that says `{"toString":1}` of itself has no string: the conversion throws. */
function attempt(value: unknown, convert: () => string): string {
  try {
    return convert();
  } catch {
    return json(value);
  }
}

/** bunyan indents every value by its depth: a line of n brackets would become n² bytes. Beyond this it stays flat. */
const MAX_INDENTED_DEPTH = 20;

/** A value over as many lines as bunyan gives it. */
export function pretty(value: unknown): string {
  if (typeof value !== 'object' || value === null) return json(value);
  return isDeeper(value, MAX_INDENTED_DEPTH) ? json(value) : JSON.stringify(value, null, 2);
}

/** A value on one line. A hundred thousand brackets parse, but overflow the stack on their way back. */
export function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return '"(nested too deeply to show)"';
  }
}

function isDeeper(value: object, depth: number): boolean {
  if (depth === 0) return true;
  for (const part of Object.values(value) as unknown[]) {
    if (typeof part === 'object' && part !== null && isDeeper(part, depth - 1)) return true;
  }
  return false;
}

/**
 * What the programs under the sidecars print: each line says which run of which program it is of and its number there,
 * so that a reader knows of every line that it misses. Whether a filter lets a line through follows from its number
 * alone.
 */
export function lineOf(run: number, number: number): string {
  const level = number % WARN_EVERY === 0 ? 'WARN ' : '';
  const word = number % NEEDLE_EVERY === 0 ? ` ${NEEDLE}` : '';
  return `${level}#${run}.${number}${word} ${PADDING.slice(0, (number * 37) % MAX_PADDING)}\n`;
}

const WARN_EVERY = 5;
const NEEDLE_EVERY = 7;
const NEEDLE = 'needle';

/** Lines of many lengths, and long enough to fill the kernel's buffers of a reader that stalls. */
const MAX_PADDING = 400;
const PADDING = 'x'.repeat(MAX_PADDING);

/** The filters that readers ask for: the query, and which line numbers it lets through. */
export const FILTERS = {
  all: { query: '', passes: () => true },
  level: { query: 'level=warn', passes: (number: number) => number % WARN_EVERY === 0 },
  word: { query: `q=${NEEDLE}`, passes: (number: number) => number % NEEDLE_EVERY === 0 },
} as const satisfies Record<string, { query: string; passes: (number: number) => boolean }>;

export type FilterName = keyof typeof FILTERS;

/** The run and the number in a text that holds a printed line; undefined where it holds none. Hot. */
export function readLine(text: string): { run: number; number: number } | undefined {
  const hash = text.indexOf('#');
  if (hash === -1) return undefined;
  const dot = text.indexOf('.', hash);
  let end = dot + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  const run = Number(text.slice(hash + 1, dot));
  const number = Number(text.slice(dot + 1, end));
  return dot === -1 || end === dot + 1 || Number.isNaN(run) ? undefined : { run, number };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

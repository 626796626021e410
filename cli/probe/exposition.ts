/** One value of Prometheus's text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The samples of a page of metrics; lines that are none are passed over, since another program's page may be anything.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, inside = '', number = ''] = LINE.exec(line) ?? [];
    const value = Number(number.replace('Inf', 'Infinity'));
    if (name === undefined || Number.isNaN(value)) return [];
    const labels = Object.fromEntries(
      Array.from(inside.matchAll(LABEL), ([, key = '', word = '']) => [key, unescape(word)]),
    );
    return [{ name, labels, value }];
  });
}

function unescape(word: string): string {
  return word.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** The sum of all samples of a name that have these labels; undefined where there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  let sum: number | undefined;
  for (const sample of samples) {
    if (sample.name !== name) continue;
    if (Object.entries(labels).every(([key, word]) => sample.labels[key] === word)) {
      sum = (sum ?? 0) + sample.value;
    }
  }
  return sum;
}

/** One family of Prometheus's text format. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads Prometheus's text format, 0.0.4, and refuses what a lenient reader would let pass: a family in two places, a
 * sample before its type, the same series twice, a counter without `_total`, a histogram whose buckets do not add up.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  const series = new Set<string>();
  let current: { name: string; family: Family } | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, help, helpText] = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    const [, typed, type] =
      /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
    if (help !== undefined && helpText !== undefined) {
      if (helps.has(help)) throw new Error(`two HELP lines for ${help}`);
      helps.set(help, helpText);
    } else if (typed !== undefined && type !== undefined) {
      if (families.has(typed)) throw new Error(`two TYPE lines for ${typed}`);
      if (type === 'counter' && !typed.endsWith('_total')) throw new Error(`${typed} counts without _total`);
      current = { name: typed, family: { type, help: helps.get(typed) ?? '', samples: [] } };
      families.set(typed, current.family);
    } else if (line.startsWith('#')) {
      if (/^# (?:HELP|TYPE)\b/.test(line)) throw new Error(`not a comment: ${line}`);
    } else {
      const sample = readSample(line);
      if (current === undefined || !belongs(sample.name, current.name, current.family.type)) {
        throw new Error(`not under a TYPE of its own: ${line}`);
      }
      const id = `${sample.name} ${keyOf(sample.labels)}`;
      if (series.has(id)) throw new Error(`twice: ${line}`);
      series.add(id);
      current.family.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

/** The value of one series, all of whose labels are given; throws where there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = keyOf(labels);
  const found = families.get(name)?.samples.find((sample) => keyOf(sample.labels) === wanted);
  if (found === undefined) throw new Error(`there is no ${name}${JSON.stringify(labels)}`);
  return found.value;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function readSample(line: string): Sample {
  const match =
    /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)(?: \d+)?$/.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', inside = '', value = ''] = match;
  const labels: Record<string, string> = {};
  let rest = inside;
  while (rest !== '') {
    const label = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/.exec(rest);
    if (label === null) throw new Error(`not labels: ${line}`);
    const [whole, key = '', word = ''] = label;
    if (key in labels) throw new Error(`label ${key} twice: ${line}`);
    labels[key] = word;
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family;
  return ['_bucket', '_sum', '_count'].some((suffix) => sample === family + suffix);
}

function checkHistogram(name: string, { samples }: Family): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  let bound = Number.NEGATIVE_INFINITY;
  let below = 0;
  for (const { labels, value } of buckets) {
    const le = Number((labels['le'] ?? 'NaN').replace('Inf', 'Infinity'));
    if (!(le > bound)) throw new Error(`${name}: bounds do not rise`);
    if (value < below) throw new Error(`${name}: buckets do not add up`);
    [bound, below] = [le, value];
  }
  if (bound !== Number.POSITIVE_INFINITY || below !== count) throw new Error(`${name}: no bucket holds all`);
}

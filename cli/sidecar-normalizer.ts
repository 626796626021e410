import { hostname } from 'node:os';
import {
  createNormalizer,
  DEFAULT_REDACT_FIELDS,
  DEFAULT_REDACT_PATTERNS,
  NormalizeError,
  type Normalizer,
  type RedactOptions,
} from '../sidecar/normalize/index.js';
import { parseLevel } from '../wire/record.js';
import type { Topic } from '../wire/topic.js';
import { UsageError } from './errors.js';
import type { SidecarValues } from './sidecar.js';

/** @param labels what the source knows of the container; the user's own fields win */
export function normalizerFor(
  topic: Topic,
  values: SidecarValues,
  labels: Readonly<Record<string, string>> = {},
): Normalizer {
  const redact = redactOptions(values);
  try {
    return createNormalizer({
      hostname: hostname(),
      pid: process.pid,
      levelForStdout: level('level-for-stdout', values.levelForStdout),
      levelForStderr: level('level-for-stderr', values.levelForStderr),
      fields: { ...labels, ...fieldsOf(values.field) },
      ...(redact && { redact }),
      ...(topic.class === 'tenant'
        ? { name: topic.container, tenant: topic.tenant, container: topic.container }
        : { name: topic.component, component: topic.component }),
    });
  } catch (error) {
    if (error instanceof NormalizeError) throw new UsageError(error.message);
    throw error;
  }
}

function redactOptions({ redact, redactField, redactPattern }: SidecarValues): RedactOptions | undefined {
  const fields = [...(redact ? DEFAULT_REDACT_FIELDS : []), ...redactField];
  const patterns = [...(redact ? DEFAULT_REDACT_PATTERNS : []), ...patternsOf(redactPattern)];
  return fields.length + patterns.length > 0 ? { fields, patterns } : undefined;
}

function patternsOf(source: string | undefined): RegExp[] {
  if (source === undefined) return [];
  try {
    return [new RegExp(source)];
  } catch (error) {
    throw new UsageError(`--redact-pattern: ${(error as Error).message}`);
  }
}

function level(option: string, word: string): number {
  const number = parseLevel(word);
  if (number === undefined)
    throw new UsageError(`--${option} takes trace, debug, info, warn, error or fatal, not ${word}`);
  return number;
}

function fieldsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const cut = word.indexOf('=');
      if (cut < 1) throw new UsageError(`--field takes name=value, not ${word}`);
      return [word.slice(0, cut), word.slice(cut + 1)];
    }),
  );
}

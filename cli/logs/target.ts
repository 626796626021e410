import { isSegment } from '../../wire/index.js';
import { UsageError } from '../errors.js';

/** A stream to read. */
export interface Target {
  /** As the user said it, without what is not needed. */
  readonly label: string;
  /** At a relay. */
  readonly path: string;
}

/** A colon stands in no name, so these words mean nothing else. */
const SYSTEM = 'system:';

/** A stream as it is written everywhere else: `tenant/acme/web-1/`, `system/scheduler`. */
const STREAM = /^(tenant|system)\/(.*?)\/?$/;

/**
 * The streams that the words name, each once.
 *
 * @param words `acme`, `acme/web-1`; `system:` or `system:scheduler` of the platform's own streams; or a stream's whole
 *   name, which is also how a tenant `system` or `tenant` says which of its containers it means: `tenant/system/web-1`
 * @param system the words are components, and none means all of them
 * @throws {UsageError} for a word that names no stream
 */
export function targetsOf(words: readonly string[], system: boolean): Target[] {
  const targets = system
    ? (words.length === 0 ? [''] : words).map((word) => systemTarget(word))
    : words.map((word) => targetOf(word));
  if (targets.length === 0) {
    throw new UsageError(
      'whose logs to read is missing: give <tenant>[/<container>] or --system [component]',
      'missing-argument',
    );
  }
  return [...new Map(targets.map((target) => [target.path, target])).values()];
}

function targetOf(word: string): Target {
  const [, kind, name = ''] = STREAM.exec(word) ?? [];
  if (kind !== undefined) return kind === 'system' ? systemTarget(name) : tenantTarget(name);
  return word.startsWith(SYSTEM) ? systemTarget(word.slice(SYSTEM.length)) : tenantTarget(word);
}

function systemTarget(component: string): Target {
  if (component === '') return { label: SYSTEM, path: '/v1/logs/system' };
  return { label: SYSTEM + component, path: `/v1/logs/system/${checked(component, 'component')}` };
}

/** Names are checked before anything is asked for: `..` would be another path. */
function tenantTarget(word: string): Target {
  const [tenant = '', ...rest] = word.split('/');
  const path = `/v1/logs/tenant/${checked(tenant, 'tenant')}`;
  if (rest.length === 0) return { label: word, path };
  return { label: word, path: `${path}/${checked(rest.join('/'), 'container')}` };
}

function checked(name: string, what: string): string {
  if (isSegment(name)) return name;
  const rule = '1 to 128 letters, digits, dots, underscores or hyphens, and neither . nor ..';
  throw new UsageError(`${JSON.stringify(name)} is no name of a ${what}, which has ${rule}`);
}

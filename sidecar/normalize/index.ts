export type { Format } from './draft.js';
export { createNormalizer, type Normalizer } from './normalizer.js';
export {
  DEFAULT_LEVEL_FOR_STDERR,
  DEFAULT_LEVEL_FOR_STDOUT,
  type FieldValue,
  type NormalizerOptions,
} from './options.js';
export { NormalizeError, type NormalizeErrorCode } from './errors.js';
export {
  DEFAULT_REDACT,
  DEFAULT_REDACT_FIELDS,
  DEFAULT_REDACT_PATTERNS,
  REDACTED,
  type RedactOptions,
} from './redact.js';

import { ClusterError } from '../errors.js';
import { isCurveKey } from './keys.js';

/**
 * The keys in a text, one a line, each perhaps followed by words that say whose it is. A comment is a line that begins
 * with `# `, with its space: a key may begin with `#`.
 *
 * @throws {ClusterError} `key` for a line that is none of these; the text of a line is not repeated, it may be a secret
 */
export function parseKeyLines(text: string): string[] {
  const keys: string[] = [];
  text.split('\n').forEach((line, at) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed === '#' || trimmed.startsWith('# ')) return;
    const [key = ''] = trimmed.split(/\s/, 1);
    if (!isCurveKey(key))
      throw new ClusterError('key', `line ${at + 1} does not begin with a CURVE key (40 characters of Z85)`);
    keys.push(key);
  });
  return keys;
}

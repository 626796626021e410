import { readAccess } from './access.js';
import { readKlog } from './klog.js';
import { readLogfmt } from './logfmt.js';
import type { Pairs } from './pairs.js';
import { readSyslog } from './syslog.js';

export type TextFormat = 'logfmt' | 'klog' | 'syslog' | 'access';

export interface TextReading {
  readonly format: TextFormat;
  readonly pairs: Pairs;
}

const LESS_THAN = 0x3c;
const SPACE = 0x20;

/** What a line of text says when it has one of the forms that name their parts. Hot: most lines have none. */
export function readText(line: string): TextReading | undefined {
  const first = line.charCodeAt(0);
  if (first === LESS_THAN) return reading('syslog', readSyslog(line));
  // An empty line, an indented one, one in color.
  if (!(first > SPACE)) return undefined;
  const second = line.charCodeAt(1);
  if (second >= 0x30 && second <= 0x39) {
    const klog = readKlog(line);
    if (klog !== undefined) return reading('klog', klog);
  }
  return reading('access', readAccess(line)) ?? reading('logfmt', readLogfmt(line));
}

function reading(format: TextFormat, pairs: Pairs | undefined): TextReading | undefined {
  return pairs && { format, pairs };
}

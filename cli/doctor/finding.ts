/** What was found out about one thing. */
export interface Finding {
  /** `fail` is a fault, `warn` will be one or may be meant, `ok` was looked at and is well. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was looked at. */
  readonly check: Check;
  /** A part's address. */
  readonly about: string;
  readonly text: string;
  /** What to do. Where something is wrong, always there. */
  readonly fix?: string;
}

export type Check =
  'reach' | 'access' | 'stream' | 'canary' | 'buffering' | 'clock' | 'discovery' | 'version';

export function ok(check: Check, about: string, text: string): Finding {
  return { level: 'ok', check, about, text };
}

export function warn(check: Check, about: string, text: string, fix: string): Finding {
  return { level: 'warn', check, about, text, fix };
}

export function fail(check: Check, about: string, text: string, fix: string): Finding {
  return { level: 'fail', check, about, text, fix };
}

/** What can be wrong with the words of a command line. */
export type UsageErrorCode =
  | 'unknown-command'
  | 'unknown-option'
  | 'missing-option'
  | 'missing-value'
  | 'bad-value'
  | 'missing-argument'
  | 'unexpected-argument'
  | 'bad-profile';

/**
 * A mistake in the words, which ends the process with 2. Commands throw it too, for what their table of options
 * cannot say. Where the help page is to be found is added when it is reported.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  /** @param message one sentence without its full stop: `--tail must be a whole number, not "x"` */
  constructor(
    message: string,
    readonly code: UsageErrorCode = 'bad-value',
  ) {
    super(message);
  }
}

/**
 * Why a benchmark ends early. `law`: records that nobody accounts for, the one result that is a failure whatever the
 * machine; `part`: a process of the set-up did not do its part; `machine`: this machine lacks something, and the
 * message says what to do.
 */
export type BenchErrorCode = 'law' | 'part' | 'machine';

export class BenchError extends Error {
  override readonly name = 'BenchError';

  constructor(
    readonly code: BenchErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

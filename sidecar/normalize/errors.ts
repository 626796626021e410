/** `field`: a field's name that a record or the sidecar itself uses; `pattern`: a pattern that cannot be used to redact. */
export type NormalizeErrorCode = 'field' | 'pattern';

export class NormalizeError extends Error {
  readonly code: NormalizeErrorCode;

  constructor(code: NormalizeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NormalizeError';
    this.code = code;
  }
}

export type InjectErrorCode = 'review' | 'certificate' | 'listen';

/** What a caller of the webhook, or whoever starts it, has to change; the message says what. */
export class InjectError extends Error {
  readonly code: InjectErrorCode;

  constructor(code: InjectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InjectError';
    this.code = code;
  }
}

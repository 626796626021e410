/**
 * `options`: what was configured contradicts itself or cannot be read; `key`: a file holds no key that tokens can be
 * checked with.
 */
export type AuthErrorCode = 'options' | 'key';

export class AuthError extends Error {
  readonly code: AuthErrorCode;

  constructor(code: AuthErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AuthError';
    this.code = code;
  }
}

/**
 * `endpoint`: an address cannot be used; `listen`: the HTTP address cannot be bound; `insecure`: it would be open to
 * others without authentication; `replay`: a consolidator cannot be asked for the recent past.
 */
export type RelayErrorCode = 'endpoint' | 'listen' | 'insecure' | 'replay';

export class RelayError extends Error {
  readonly code: RelayErrorCode;

  constructor(code: RelayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RelayError';
    this.code = code;
  }
}

/**
 * `endpoint`: an address cannot be bound; `insecure`: it would be open to others without authentication; `advertise`:
 * discovery would be told of an address that leads nowhere; `accept`: what publishers may claim is no stream.
 */
export type ConsolidatorErrorCode = 'endpoint' | 'insecure' | 'advertise' | 'accept';

export class ConsolidatorError extends Error {
  readonly code: ConsolidatorErrorCode;

  constructor(code: ConsolidatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConsolidatorError';
    this.code = code;
  }
}

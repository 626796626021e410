/**
 * What can be wrong with a sidecar's set-up. `name`: outside the topic grammar; `endpoint`: ZeroMQ refuses it; `option`:
 * a number out of its range.
 */
export type SidecarErrorCode = 'name' | 'endpoint' | 'option';

export class SidecarError extends Error {
  readonly code: SidecarErrorCode;

  constructor(code: SidecarErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SidecarError';
    this.code = code;
  }
}

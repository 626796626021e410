/**
 * What can go wrong with a capture. `command`: there is nothing to run; `read`: an output cannot be read any further;
 * `source`: no source is called that; `engine`: a container engine does not answer, or not as the API says.
 */
export type CaptureErrorCode = 'command' | 'read' | 'source' | 'engine';

export class CaptureError extends Error {
  override readonly name = 'CaptureError';

  constructor(
    readonly code: CaptureErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

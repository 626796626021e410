/**
 * `url`: a discovery address cannot be read; `entry`: what was told of a consolidator is not to be believed;
 * `unreachable`: a source of entries gives no answer; `refused`: it answers that it will not; `answer`: its answer
 * cannot be read; `key`: a CURVE key or a file of them cannot be used.
 */
export type ClusterErrorCode = 'url' | 'entry' | 'unreachable' | 'refused' | 'answer' | 'key';

export class ClusterError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}

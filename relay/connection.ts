/**
 * One HTTP response as a consumer sees it: bytes in, one write in flight at a time. The test twin keeps them in an
 * array; the real one is in http-connection.ts.
 */
export interface Connection {
  /** Whether the payload must be framed as HTTP/1.1 chunks by whoever writes. */
  readonly chunked: boolean;
  /** Hands bytes to the operating system; `done` runs when it has taken all of them, at the earliest in a later turn. */
  write(bytes: Buffer, done: () => void): void;
  /** Ends the response after what was written. */
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
}

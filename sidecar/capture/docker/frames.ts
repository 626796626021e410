import { CaptureError } from '../errors.js';

/** What a frame carries; `system` is the engine's own word about a log that it cannot read. */
export type FrameKind = 'stdout' | 'stderr' | 'system';

export interface FrameHandler {
  start(kind: FrameKind): void;
  /** A part of the frame's payload, a view of the chunk. */
  data(bytes: Buffer): void;
  end(): void;
}

const HEADER_BYTES = 8;
/** Type 0 is standard input, which an engine writes on standard output. */
const KINDS = ['stdout', 'stdout', 'stderr', 'system'] as const satisfies readonly FrameKind[];

/**
 * Takes apart the multiplexed output of the Docker engine API: frames of an 8-byte header (type, three zero bytes,
 * length in big endian) and a payload, cut anywhere into chunks. It holds a header's 8 bytes at most. Pure.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.43/#tag/Container/operation/ContainerAttach
 */
export class FrameDemultiplexer {
  readonly #handler: FrameHandler;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  /** Bytes of the present frame's payload that are still to come. */
  #left = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** @throws {CaptureError} `engine`: these are no frames */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) {
        at += this.#readHeader(chunk, at);
        continue;
      }
      const bytes = chunk.subarray(at, at + this.#left);
      at += bytes.length;
      this.#left -= bytes.length;
      this.#handler.data(bytes);
      if (this.#left === 0) this.#handler.end();
    }
  }

  /** @returns bytes taken */
  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerLength, at);
    this.#headerLength += taken;
    if (this.#headerLength < HEADER_BYTES) return taken;
    this.#headerLength = 0;
    const kind = KINDS[this.#header.readUInt32BE(0) / 2 ** 24];
    if (kind === undefined) {
      throw new CaptureError(
        'engine',
        'the engine sent what is no frame of its log format: is it a terminal?',
      );
    }
    this.#left = this.#header.readUInt32BE(4);
    this.#handler.start(kind);
    if (this.#left === 0) this.#handler.end();
    return taken;
  }
}

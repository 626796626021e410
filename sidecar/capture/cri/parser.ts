import type { StdStream } from '../../../wire/record.js';
import { MAX_STAMP_LENGTH, StampReader } from '../source-stamp.js';

/** Takes a piece of what a container printed; a newline is in it only where the container's line ends. */
export type TakeCri = (stream: StdStream, content: Buffer, at: number) => void;

/** `<RFC 3339> stdout|stderr <tags> `, with room for tags to come: the first of them is P or F. */
const MAX_HEADER_BYTES = MAX_STAMP_LENGTH + 64;
const HEADER = /^(\S+) (stdout|stderr) ([PF])(?::\S*)?$/;
const LF = 0x0a;
const SPACE = 0x20;

/**
 * Reads the log format of the Kubernetes container runtime interface, `<time> <stream> P|F <content>`, into the bytes
 * that the container printed: `F` ends a line and `P` does not, so partials join by themselves wherever lines are cut
 * and bounded. Content is handed on as it comes; only a header that a chunk cuts is held, in 99 bytes. Pure.
 *
 * What has no header is handed on whole, as standard output, and counted: it is not lost, and somebody should see it.
 *
 * @see https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
export class CriParser {
  readonly #stamps = new StampReader();
  readonly #held = Buffer.allocUnsafe(MAX_HEADER_BYTES);
  #heldLength = 0;
  #inContent = false;
  #stream: StdStream = 'stdout';
  #at = 0;
  #full = true;
  #malformed = 0;

  /** Lines without a header so far. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Hot: once a read. @param now the time of what has none, ms since the epoch */
  push(chunk: Buffer, now: number, take: TakeCri): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.#inContent) {
        from = this.#content(chunk, from, take);
      } else if (this.#heldLength > 0) {
        from = this.#heldHeader(chunk, now, take);
      } else {
        from = this.#header(chunk, from, now, take);
      }
    }
  }

  /** The file is over, or another one by now: what was held of a header is given out. */
  reset(now: number, take: TakeCri): void {
    if (this.#heldLength > 0) this.#raw(this.#held.subarray(0, this.#heldLength), now, take);
    this.#heldLength = 0;
    this.#inContent = false;
  }

  /** @returns where the line, or what there is of it, ends */
  #content(chunk: Buffer, from: number, take: TakeCri): number {
    const newline = chunk.indexOf(LF, from);
    if (newline === -1) {
      take(this.#stream, chunk.subarray(from), this.#at);
      return chunk.length;
    }
    this.#inContent = false;
    const end = this.#full ? newline + 1 : newline;
    if (end > from) take(this.#stream, chunk.subarray(from, end), this.#at);
    return newline + 1;
  }

  /** @returns where its content begins */
  #header(chunk: Buffer, from: number, now: number, take: TakeCri): number {
    const end = headerEnd(chunk, from);
    if (end === undefined) {
      const rest = chunk.length - from;
      if (rest < MAX_HEADER_BYTES) {
        this.#heldLength = chunk.copy(this.#held, 0, from);
        return chunk.length;
      }
    } else if (this.#read(chunk, from, end)) {
      // An empty line may have nothing behind its tag, not even a space.
      return chunk[end] === LF ? end : end + 1;
    }
    this.#raw(chunk.subarray(from, from), now, take);
    return from;
  }

  #heldHeader(chunk: Buffer, now: number, take: TakeCri): number {
    const before = this.#heldLength;
    const copied = chunk.copy(this.#held, before, 0, MAX_HEADER_BYTES - before);
    const held = this.#held.subarray(0, before + copied);
    const end = headerEnd(held, 0);
    if (end === undefined && held.length < MAX_HEADER_BYTES) {
      this.#heldLength = held.length;
      return copied;
    }
    this.#heldLength = 0;
    // What was held before had no end in it, so the end lies in this chunk.
    if (end !== undefined && this.#read(held, 0, end)) return end + (held[end] === LF ? 0 : 1) - before;
    this.#raw(held.subarray(0, before), now, take);
    return 0;
  }

  #read(bytes: Buffer, from: number, end: number): boolean {
    const match = HEADER.exec(bytes.toString('latin1', from, end));
    const stamp = match === null ? undefined : this.#stamps.read(match[1] as string);
    if (match === null || stamp === undefined) return false;
    this.#stream = match[2] as StdStream;
    this.#full = match[3] === 'F';
    this.#at = stamp.ms;
    this.#inContent = true;
    return true;
  }

  /** What follows, up to the line's end, is no CRI line. */
  #raw(begun: Buffer, now: number, take: TakeCri): void {
    this.#malformed += 1;
    this.#stream = 'stdout';
    this.#full = true;
    this.#at = now;
    this.#inContent = true;
    if (begun.length > 0) take(this.#stream, begun, now);
  }
}

/** Where the third space is, or the newline before it; undefined if there is neither within a header's length. */
function headerEnd(bytes: Buffer, from: number): number | undefined {
  const limit = Math.min(bytes.length, from + MAX_HEADER_BYTES);
  let spaces = 0;
  for (let at = from; at < limit; at += 1) {
    const byte = bytes[at];
    if (byte === LF || (byte === SPACE && (spaces += 1) === 3)) return at;
  }
  return undefined;
}

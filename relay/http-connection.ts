import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from './connection.js';

/**
 * Writes a stream to Node's response past everything that would cost per write: HTTP/1.1 chunks come framed, shared by
 * all consumers, and go straight to the socket. A client of HTTP/1.0, or a request that was pipelined behind another and
 * so has no socket yet, is written through the response instead.
 */
export class HttpConnection implements Connection {
  readonly chunked: boolean;
  readonly #response: ServerResponse;
  readonly #socket: Socket | undefined;

  /** The response's head must not have been sent; this sends it. */
  constructor(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>) {
    this.#response = response;
    response.writeHead(status, headers);
    response.flushHeaders();
    const { socket } = response;
    this.chunked = socket !== null && response.chunkedEncoding;
    this.#socket = this.chunked && socket !== null ? socket : undefined;
    socket?.setNoDelay(true);
    // Dead peers answer no probes: libuv asks once a second, ten times, after this much silence.
    socket?.setKeepAlive(true, KEEPALIVE_PROBE_AFTER_MS);
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.#socket === undefined) this.#response.write(bytes, done);
    else this.#socket.write(bytes, done);
  }

  /** A client that does not take what is left for it is cut: it may never read again, and would hold the socket. */
  end(): void {
    const cut = setTimeout(() => this.#response.destroy(), END_TIMEOUT_MS).unref();
    this.#response.end(() => clearTimeout(cut));
  }

  destroy(): void {
    this.#response.destroy();
  }

  /**
   * `listener` runs once, when the response is over or its connection gone. Both are watched: Node tells a response
   * that still waits for its turn on the connection nothing of the connection's end.
   */
  onClose(socket: Socket, listener: () => void): void {
    const close = () => {
      this.#response.off('close', close);
      socket.off('close', close);
      listener();
    };
    this.#response.once('close', close);
    // One listener a request that is pipelined: as many as the client likes.
    socket.setMaxListeners(0);
    socket.once('close', close);
  }
}

const KEEPALIVE_PROBE_AFTER_MS = 15_000;
const END_TIMEOUT_MS = 1_000;

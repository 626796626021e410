import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** A way to a server that can be cut: connections go through it byte for byte. */
export class Cuttable {
  readonly url: string;
  readonly #sockets: Set<Socket>;
  #isShut = false;

  private constructor(url: string, sockets: Set<Socket>) {
    this.url = url;
    this.#sockets = sockets;
  }

  static async to(t: Test, target: string): Promise<Cuttable> {
    const { hostname: host, port } = new URL(target);
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      if (way.#isShut) return void near.destroy();
      const far = connect({ host, port: Number(port) });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.pipe(other);
        one.on('error', () => {});
        one.once('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const way = new Cuttable(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets);
    t.teardown(() => {
      server.close();
      way.cut();
    });
    return way;
  }

  /** Cuts every connection, and lets none through until it is opened. */
  shut(): void {
    this.#isShut = true;
    this.cut();
  }

  open(): void {
    this.#isShut = false;
  }

  /** Cuts every connection; new ones get through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

export interface Balancer {
  readonly url: string;
  /** Connections made so far. */
  readonly connections: number;
}

/**
 * What stands in front of relays: passes each TCP connection on to one of the ports, in turn, or to the next that takes
 * it. When one end is gone, so is the other.
 */
export async function startBalancer(t: Test, ports: readonly number[]): Promise<Balancer> {
  let next = 0;
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    connections += 1;
    open.add(client);
    client.on('error', () => {});
    client.once('close', () => open.delete(client));
    const first = next++;
    const attempt = (tried: number) => {
      if (tried === ports.length) return void client.destroy();
      const relay = connect(ports[(first + tried) % ports.length] as number, '127.0.0.1');
      relay.once('error', () => (relay.connecting ? undefined : client.destroy()));
      relay.once('connectionAttemptFailed', () => attempt(tried + 1));
      relay.once('connect', () => {
        client.pipe(relay).pipe(client);
        relay.once('close', () => client.destroy());
        client.once('close', () => relay.destroy());
      });
    };
    attempt(0);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
  };
}

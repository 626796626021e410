import { postTo, TO_NCHAN, toMercure } from './http-bus.js';
import { connectKafka } from './kafka-bus.js';

/** What carries messages from the generator to the proxy, each by its own client library. */
export type BusName = 'redis' | 'nats' | 'kafka' | 'nchan' | 'mercure';

export interface BusAddress {
  readonly bus: BusName;
  readonly ports: readonly number[];
  /** Of the topic, where the bus has them. */
  readonly partitions?: number;
  /** Of who may publish, where the server wants one. */
  readonly token?: string;
}

const CHANNEL = 'logs';

export interface Bus {
  /** Resolves when the server has taken all of them, or as near to that as it tells. */
  publish(bodies: readonly Buffer[]): Promise<void>;
  /** Resolves when whatever is published from now on arrives. */
  subscribe(take: (body: Buffer) => void): Promise<void>;
}

export function connectBus(address: BusAddress): Promise<Bus> {
  const { bus, ports } = address;
  const [port = 0] = ports;
  if (bus === 'redis') return connectRedis(port);
  if (bus === 'nats') return connectNats(port);
  if (bus === 'kafka') return connectKafka(address);
  return Promise.resolve(postTo(port, bus === 'nchan' ? TO_NCHAN : toMercure(address.token ?? '')));
}

/** A client is loaded where its server is there. */
async function connectRedis(port: number): Promise<Bus> {
  const { createClient } = await import('@redis/client');
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  // A lost connection shows as records that do not come; the client goes on trying.
  client.on('error', () => {});
  await client.connect();
  return {
    async publish(bodies) {
      await Promise.all(bodies.map((body) => client.publish(CHANNEL, body)));
    },
    subscribe: (take) => client.subscribe(CHANNEL, take, true),
  };
}

async function connectNats(port: number): Promise<Bus> {
  const { connect } = await import('nats');
  const connection = await connect({ servers: `127.0.0.1:${port}`, maxReconnectAttempts: -1 });
  return {
    async publish(bodies) {
      for (const body of bodies) connection.publish(CHANNEL, body);
      await connection.flush();
    },
    async subscribe(take) {
      connection.subscribe(CHANNEL, {
        callback: (_, { data }) => take(Buffer.from(data.buffer, data.byteOffset, data.length)),
      });
      await connection.flush();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';

export const KAFKA_TOPIC = 'logs';

/** Tries until a broker is there again: what cannot be sent waits, and is not given up. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000 } as const;

/** Who leads a partition is asked again after so long at the latest, ms; kafkajs's own 5 min is for quieter clusters. */
export const METADATA_MAX_AGE_MS = 1_000;

/** The library is loaded where a broker is there. */
export async function kafkaAt(ports: readonly number[]): Promise<Kafka> {
  const { Kafka, logLevel } = (await import('kafkajs')).default;
  const brokers = ports.map((port) => `127.0.0.1:${port}`);
  return new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING, retry: RETRY });
}

/** How many copies are kept, and how many of them must be there: three brokers survive the loss of one. */
export function replication(brokers: number) {
  return brokers > 1
    ? { factor: brokers, minInSync: 2, acks: -1 as const }
    : { factor: 1, minInSync: 1, acks: 1 as const };
}

/** Makes the topic; resolves when every broker knows who leads each of its partitions. */
export async function createTopic(ports: readonly number[], partitions: number): Promise<void> {
  const { factor, minInSync } = replication(ports.length);
  const topic = {
    topic: KAFKA_TOPIC,
    numPartitions: partitions,
    replicationFactor: factor,
    configEntries: [{ name: 'min.insync.replicas', value: String(minInSync) }],
  };
  await withAdmin(ports, (admin) => admin.createTopics({ waitForLeaders: false, topics: [topic] }));
  for (const port of ports) {
    while ((await partitionsInSync([port])) < partitions) await sleep(LOOK_MS);
  }
}

const LOOK_MS = 50;

/** How many of the topic's partitions have all their replicas in sync; 0 where a broker does not know it yet. */
export function partitionsInSync(ports: readonly number[]): Promise<number> {
  return withAdmin(ports, async (admin) => {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [KAFKA_TOPIC] });
      const partitions = topics.flatMap((topic) => topic.partitions);
      return partitions.filter(({ isr, replicas }) => isr.length === replicas.length).length;
    } catch (error) {
      if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return 0;
      throw error;
    }
  });
}

async function withAdmin<T>(ports: readonly number[], act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = (await kafkaAt(ports)).admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

import { randomUUID } from 'node:crypto';
import type { Bus } from './bus.js';
import { createTopic, KAFKA_TOPIC, kafkaAt, METADATA_MAX_AGE_MS, replication } from './kafka-client.js';

/** Low latency rather than the last per cent of throughput: a broker answers a fetch as soon as it has a byte. */
const FETCH = { minBytes: 1, maxWaitTimeInMs: 100 } as const;

/**
 * kafkajs reads in a group only. One whose coordinator was lost joins anew, and is let in when the member that it was has
 * expired: with the least that is safe on a busy machine, rather than the 30 s that are usual, ms.
 */
export const GROUP = { sessionTimeout: 3_000, heartbeatInterval: 500 } as const;

export interface KafkaBusOptions {
  readonly ports: readonly number[];
  readonly partitions?: number;
  /** Where what is published here goes, so that its order is kept. */
  readonly partition?: number;
}

export async function connectKafka({ ports, partitions = 1, partition = 0 }: KafkaBusOptions): Promise<Bus> {
  const kafka = await kafkaAt(ports);
  const { acks } = replication(ports.length);
  // One request at a time, so that a retry cannot change the order.
  const producer = kafka.producer({ metadataMaxAge: METADATA_MAX_AGE_MS, maxInFlightRequests: 1 });
  let connected: Promise<void> | undefined;
  return {
    async publish(bodies) {
      await (connected ??= producer.connect());
      if (bodies.length === 0) return;
      await producer.send({
        topic: KAFKA_TOPIC,
        acks,
        messages: bodies.map((value) => ({ value, partition })),
      });
    },
    async subscribe(take) {
      await createTopic(ports, partitions);
      const options = { ...GROUP, ...FETCH, metadataMaxAge: METADATA_MAX_AGE_MS };
      const consumer = kafka.consumer({ groupId: randomUUID(), ...options });
      await consumer.connect();
      // The topic is new and nothing is in it yet, so that none is missed between joining and the first fetch.
      await consumer.subscribe({ topic: KAFKA_TOPIC, fromBeginning: true });
      const joined = new Promise<void>((resolve) => {
        consumer.on(consumer.events.GROUP_JOIN, () => resolve());
      });
      await consumer.run({
        partitionsConsumedConcurrently: partitions,
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages) if (value !== null) take(value);
        },
      });
      await joined;
    },
  };
}

import { BROKER_OPTIONS, hasKafka, HEAP, startKafka, type KafkaBroker } from './kafka-server.js';
import type { Peer } from './peer.js';
import { PROXY, startProxied } from './proxied.js';

export const kafka: Peer = {
  name: 'kafka',
  asItComes: false,
  setup: 'Kafka, one broker (KRaft), and the SSE proxy with kafkajs',
  install: 'bench/peers/install.sh kafka',
  configuration: [
    `heap ${HEAP}, G1; one topic of one partition, so that the order of lines is kept`,
    ...Object.entries(BROKER_OPTIONS).map(([key, value]) => `${key}=${value}`),
    'producer: acks 1, a message is a batch, all that is due in one request; consumer: minBytes 1, maxWait 100 ms',
    PROXY,
  ],
  isHere: hasKafka,
  async start(scope) {
    const [broker] = (await startKafka(scope)) as [KafkaBroker];
    return startProxied(scope, { bus: 'kafka', ports: [broker.port] }, { kafka: broker.pid });
  },
};

import { kafka } from './peers/kafka.js';
import { mercure } from './peers/mercure.js';
import { nats } from './peers/nats.js';
import { nchan } from './peers/nchan.js';
import type { Peer } from './peers/peer.js';
import { redis, redisHono } from './peers/redis.js';

/** Those that `npm run bench -- peers` measures where they are installed. */
export const PEERS: readonly Peer[] = [nchan, mercure, redis, redisHono, nats, kafka];

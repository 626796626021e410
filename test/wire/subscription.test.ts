import * as fc from 'fast-check';
import t from 'tap';
import {
  formatPresence,
  formatSubscription,
  parsePresence,
  parseSubscription,
  parseTopic,
  PRESENCE_PREFIX,
} from '../../wire/index.js';
import { readVectors } from './vectors.js';

interface SubscriptionVectors {
  cases: { name: string; base64: string; subscription: { subscribe: boolean; prefix: string } | null }[];
  coverage: { prefix: string; topic: string; covers: boolean }[];
}

const latin1 = (base64: string) => Buffer.from(base64, 'base64').toString('latin1');
const vectors = readVectors('subscriptions') as SubscriptionVectors;

void t.test('every vector is read as it says, and written back byte for byte', async (t) => {
  for (const { name, base64, subscription } of vectors.cases) {
    const frame = Buffer.from(base64, 'base64');
    const expected = subscription && { ...subscription, prefix: latin1(subscription.prefix) };
    t.strictSame(parseSubscription(frame) ?? null, expected, name);
    if (expected) t.same(formatSubscription(expected), frame, `${name}: written`);
  }
});

void t.test('a prefix covers what begins with its bytes', async (t) => {
  for (const { prefix, topic, covers } of vectors.coverage) {
    t.equal(topic.startsWith(latin1(prefix)), covers, `${JSON.stringify(latin1(prefix))} and ${topic}`);
  }
});

void t.test('a presence mark may name its run, and nothing else does', async (t) => {
  t.equal(parsePresence(formatPresence('q3Zk_w-1')), 'q3Zk_w-1');
  for (const prefix of [PRESENCE_PREFIX, `${PRESENCE_PREFIX}a b`, 'q3Zk_w-1', 'tenant/acme/', '']) {
    t.equal(parsePresence(prefix), undefined, JSON.stringify(prefix));
  }
});

void t.test('no topic begins with the presence mark', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (rest) => parseTopic(PRESENCE_PREFIX + rest) === undefined),
  );
  t.same(formatSubscription({ subscribe: true, prefix: PRESENCE_PREFIX }), Buffer.from([1, 0xff]));
});

import * as fc from 'fast-check';
import t from 'tap';
import {
  formatStream,
  formatTopic,
  isSegment,
  leafOf,
  MAX_TOPIC_BYTES,
  parseStream,
  parseTopic,
  streamsOf,
  wideStreamOf,
  type Stream,
  type Topic,
} from '../../wire/index.js';
import { bytesOf, readVectors } from './vectors.js';

interface TopicVectors {
  cases: {
    name: string;
    text?: string;
    base64?: string;
    topic: Topic | null;
    stream: Stream | null;
    streams?: string[];
  }[];
  matching: { stream: string; topic: string; matches: boolean }[];
}

const vectors = readVectors('topics') as TopicVectors;

void t.test('every vector parses as it says, from the bytes of a frame and from text alike', async (t) => {
  for (const vector of vectors.cases) {
    const frame = bytesOf(vector).toString('latin1');
    for (const text of vector.text === undefined ? [frame] : [frame, vector.text]) {
      t.strictSame(parseTopic(text) ?? null, vector.topic, `${vector.name}: as a topic`);
      t.strictSame(parseStream(text) ?? null, vector.stream, `${vector.name}: as a stream`);
    }
    if (vector.topic) {
      t.equal(formatTopic(vector.topic), vector.text, `${vector.name}: written again`);
      t.strictSame(streamsOf(vector.topic), vector.streams, `${vector.name}: its streams`);
    }
    if (vector.stream) t.equal(formatStream(vector.stream), vector.text, `${vector.name}: the stream again`);
  }
});

void t.test('a stream covers by whole segments', async (t) => {
  for (const { stream, topic, matches } of vectors.matching) {
    t.ok(parseStream(stream), `${stream} is a stream`);
    t.ok(parseTopic(topic), `${topic} is a topic`);
    t.equal(topic.startsWith(stream), matches, `${stream} ${matches ? 'covers' : 'leaves out'} ${topic}`);
  }
});

void t.test('the longest topic is as long as the limit says', async (t) => {
  const longest = formatTopic({ class: 'tenant', tenant: 'a'.repeat(128), container: 'b'.repeat(128) });
  t.equal(longest.length, MAX_TOPIC_BYTES);
});

void t.test('the leaf is what a reader calls the container', async (t) => {
  t.equal(leafOf({ class: 'tenant', tenant: 'acme', container: 'web-1' }), 'web-1');
  t.equal(leafOf({ class: 'system', component: 'scheduler' }), 'scheduler');
});

const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/).filter((text) => text !== '.' && text !== '..');

const topic: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({ class: fc.constant('tenant' as const), tenant: segment, container: segment }),
  fc.record({ class: fc.constant('system' as const), component: segment }),
);

void t.test('what is written is read back, and its streams cover it', async () => {
  fc.assert(
    fc.property(topic, (topic) => {
      const name = formatTopic(topic);
      const back = parseTopic(name);
      const covered = streamsOf(topic).every((stream) => name.startsWith(stream) && parseStream(stream));
      const [, wide] = streamsOf(topic);
      return back !== undefined && formatTopic(back) === name && covered && wideStreamOf(name) === wide;
    }),
  );
});

void t.test('two tenants never share a stream, however their names resemble each other', async () => {
  fc.assert(
    fc.property(segment, segment, segment, (tenant, other, container) => {
      fc.pre(tenant !== other);
      return !formatTopic({ class: 'tenant', tenant: other, container }).startsWith(`tenant/${tenant}/`);
    }),
  );
});

void t.test('a name is what is written back from it, and never another', async () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('tenant', 'system', 'a', '/', '.', '..', '\0', '\n', '%2f', '\u0430', ''), {
        maxLength: 8,
      })
      .map((parts) => parts.join('')),
    fc
      .array(fc.constantFrom('tenant', 'system', 'a', '.', '..', ''), { maxLength: 5 })
      .map((p) => `${p.join('/')}/`),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const topic = parseTopic(text);
      const stream = parseStream(text);
      const segments = text.slice(0, -1).split('/');
      const clean = segments.every(isSegment) && text.endsWith('/');
      if (topic !== undefined && (formatTopic(topic) !== text || !clean)) return false;
      return stream === undefined || (formatStream(stream) === text && clean);
    }),
    { numRuns: 1_000 },
  );
});

import fc from 'fast-check';
import t from 'tap';
import {
  formatReplayAnswer,
  formatReplayRequest,
  MAX_REPLAY_REQUEST_BYTES,
  parseReplayAnswer,
  parseReplayRequest,
  type RememberedBatch,
  type ReplayAnswer,
  type ReplayRequest,
} from '../../wire/index.js';
import { ledger } from './arbitraries.js';
import { bytesOf, readVectors } from './vectors.js';

interface ReplayVectors {
  requests: { name: string; text: string; request: ReplayRequest | null }[];
  answers: { name: string; header: string; body?: string; answer: object | null }[];
}

const VECTORS = readVectors('replay') as ReplayVectors;

void t.test('every request of the vectors is read or refused as it says', async (t) => {
  for (const { name, text, request } of VECTORS.requests)
    t.strictSame(parseReplayRequest(bytesOf({ text })) ?? null, request, name);
});

void t.test('every answer of the vectors is read or refused as it says', async (t) => {
  for (const { name, header, body, answer } of VECTORS.answers) {
    const frames = [header, ...(body === undefined ? [] : [body])].map((text) => bytesOf({ text }));
    const parsed = parseReplayAnswer(frames);
    const readable =
      parsed?.kind === 'page'
        ? { ...parsed, batches: parsed.batches.map((batch) => ({ ...batch, body: String(batch.body) })) }
        : parsed;
    t.strictSame(readable ?? null, answer, name);
  }
});

const count = fc.integer({ min: 0, max: 2 ** 48 });
const topic = fc.constantFrom('tenant/acme/web-1/', 'tenant/acme/db/', 'system/scheduler/');

const request: fc.Arbitrary<ReplayRequest> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), id: count }),
  fc.record({
    kind: fc.constant('page' as const),
    id: count,
    stream: fc.oneof(topic, fc.constantFrom('tenant/acme/', 'system/')),
    until: count,
    start: fc.oneof(fc.record({ from: count }), fc.record({ tail: count }), fc.record({ since: count })),
  }),
);

const batches = fc
  .array(
    fc.record({
      topic,
      gap: fc.nat(5),
      count: fc.nat(20),
      at: fc.nat(),
      body: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      sidecar: fc.nat(3),
      transit: fc.nat(3),
    }),
    { maxLength: 20 },
  )
  .map((rows) => {
    let offset = 0;
    return rows.map(({ gap, topic, ...row }): RememberedBatch => {
      const batch = { topic, offset: offset + gap, ...row };
      offset = batch.offset + batch.count;
      return batch;
    });
  });

void t.test('what is written is read back', async () => {
  fc.assert(
    fc.property(request, (request) => {
      const frame = formatReplayRequest(request);
      return (
        frame.length <= MAX_REPLAY_REQUEST_BYTES &&
        JSON.stringify(parseReplayRequest(frame)) === JSON.stringify(request)
      );
    }),
  );
  fc.assert(
    fc.property(batches, fc.option(count), (batches, forgotten) => {
      const page = { kind: 'page', id: 7, node: 'A', head: 9, from: 0, next: 3, forgotten, batches } as const;
      return JSON.stringify(parseReplayAnswer(formatReplayAnswer(page))) === JSON.stringify(page);
    }),
  );
  fc.assert(
    fc.property(batches, fc.array(ledger, { minLength: 1, maxLength: 4 }), (plain, said) => {
      const known = said.map(({ src, first, lost, transit = 0, begin, origin }) => ({
        source: {
          src,
          begin: begin ?? ([first, lost, 0] as const),
          origin: origin?.[0] === 0 ? origin : undefined,
        },
        first,
        lost,
        transit,
      }));
      const batches = plain.map((batch, i) => ({ ...batch, ledger: known[i % known.length]! }));
      const page = {
        kind: 'page',
        id: 7,
        node: 'A',
        head: 9,
        from: 0,
        next: 3,
        forgotten: 0,
        batches,
      } as const;
      const frames = formatReplayAnswer({ ...page, ledgers: true });
      const read = parseReplayAnswer(frames);
      const isSame = JSON.stringify(read) === JSON.stringify({ ...page, ledgers: true });
      // Who did not ask gets none.
      return isSame && !formatReplayAnswer(page)[0]!.includes('ledgers');
    }),
  );
});

void t.test(
  'a page whose ledgers cannot be is refused; a sender that contradicts itself spoils nothing',
  async (t) => {
    const ledger = {
      source: { src: 's', begin: [5, 0, 0] as const, origin: undefined },
      first: 9,
      lost: 1,
      transit: 1,
    };
    const numbers = { offset: 0, count: 1, at: 0, sidecar: 0, transit: 0 };
    const batch = { topic: 'system/x/', body: Buffer.from('{}\n'), ...numbers, ledger };
    const page = { kind: 'page', id: 1, node: 'A', head: 9, from: 0, next: 3, forgotten: 0 } as const;
    const write = (batches: RememberedBatch[]) => formatReplayAnswer({ ...page, batches, ledgers: true });
    const [header, body] = write([batch]) as [Buffer, Buffer];
    t.match(parseReplayAnswer([header, body]), { batches: [{ ledger }] });
    for (const [from, to] of [
      ['[0,9,1,1]', '[1,9,1,1]'],
      ['[0,9,1,1]', '[0,4,1,1]'],
      ['[0,9,1,1]', '[0,9,1,2]'],
      ['[0,9,1,1]', '[0,9,1]'],
      ['[0,9,1,1]', '"x"'],
      ['["s",[5,0,0]]', '["s",[5,6,0]]'],
      ['["s",[5,0,0]]', '["s"]'],
      ['["s",[5,0,0]]', '["a b",[5,0,0]]'],
    ] as const) {
      t.ok(header.includes(from));
      const bad = Buffer.from(header.toString().replace(from, to));
      t.equal(parseReplayAnswer([bad, body]), undefined, to);
    }
    const odd = { ...batch, ledger: { ...ledger, first: 3 } };
    const read = parseReplayAnswer(write([odd]));
    t.ok(read?.kind === 'page' && read.batches[0]?.ledger === undefined);
  },
);

void t.test('threat: no bytes make either side throw, and no offsets go back', async () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  const header = fc.json().map((text) => Buffer.from(text));
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, header), { maxLength: 3 }), (frames) => {
      const answer: ReplayAnswer | undefined = parseReplayAnswer(frames);
      parseReplayRequest(frames[0]);
      return answer === undefined || typeof answer.node === 'string';
    }),
  );
});

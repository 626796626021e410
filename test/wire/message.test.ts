import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import {
  countRecords,
  formatLedger,
  parseMessage,
  REFUSALS,
  skipRecords,
  takeRecords,
  type Refusal,
} from '../../wire/index.js';
import { readVectors } from './vectors.js';

interface MessageVectors {
  cases: {
    name: string;
    frames: string[];
    maxBodyBytes?: number;
    accepted?: { topic: string; count: number; ledger: boolean };
    refused?: Refusal;
  }[];
}

const vectors = readVectors('messages') as MessageVectors;

/** What the receiver that splits the body says: the parser's word, or `count`. */
function receive(frames: Buffer[], maxBodyBytes: number | undefined) {
  const message = parseMessage(frames, maxBodyBytes);
  if (typeof message === 'string') return message;
  const count = countRecords(message.body);
  if (message.ledger !== undefined && message.ledger.count !== count) return 'count';
  return { topic: message.name, count, ledger: message.ledger !== undefined };
}

void t.test('every vector is accepted or refused as it says', async (t) => {
  for (const { name, frames, maxBodyBytes, accepted, refused } of vectors.cases) {
    const bytes = frames.map((frame) => Buffer.from(frame, 'base64'));
    t.strictSame(receive(bytes, maxBodyBytes), accepted ?? refused, name);
  }
});

void t.test('every word for a refusal that the frames alone can earn has a vector', async (t) => {
  const seen = new Set(vectors.cases.map(({ refused }) => refused));
  const byPolicy: Refusal[] = ['identity', 'limit'];
  t.strictSame(
    REFUSALS.filter((word) => !seen.has(word)),
    byPolicy,
  );
});

/** One record of so many bytes, its newline included. */
function recordOf(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'x').fill('\n', bytes - 1);
}

void t.test('a mebibyte is accepted by default, and a byte more is not', async (t) => {
  const ledger = formatLedger({ v: 1, src: 's', first: 0, count: 1, lost: 0, at: 0 });
  const topic = Buffer.from('tenant/acme/web-1/');
  t.type(parseMessage([topic, recordOf(1_048_576), ledger]), 'object');
  t.equal(parseMessage([topic, recordOf(1_048_577), ledger]), 'size');
});

/** Lines of a body; never empty, for an empty line is no record. */
const lines = fc.array(
  fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)))),
  { maxLength: 8 },
);

const NEWLINE = Buffer.from('\n');

function bodyOf(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
}

void t.test('a body is counted and cut by its newlines, whatever bytes are between them', async () => {
  fc.assert(
    fc.property(lines, fc.nat({ max: 10 }), (lines, n) => {
      const body = bodyOf(lines);
      assert.equal(countRecords(body), lines.length);
      assert.deepEqual(takeRecords(body, n), bodyOf(lines.slice(0, n)));
      assert.deepEqual(skipRecords(body, n), bodyOf(lines.slice(n)));
      if (lines.length > 0)
        assert.equal(countRecords(body.subarray(0, -1)), lines.length, 'without the last newline');
    }),
  );
});

void t.test('a last record without its newline is cut like the others', async (t) => {
  const body = Buffer.from('a\nbc');
  t.equal(skipRecords(body, 1).toString(), 'bc');
  t.equal(skipRecords(body, 2).length, 0);
  t.equal(takeRecords(body, 2).toString(), 'a\nbc');
});

void t.test('cutting a body copies nothing', async (t) => {
  const body = Buffer.from('a\nb\nc\n');
  t.equal(skipRecords(body, 1).buffer, body.buffer);
  t.equal(takeRecords(body, 1).buffer, body.buffer);
});

void t.test('no frames make the parser throw, and what it lets through is within the limits', async () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('tenant/acme/web-1/', 'system/', 'a\n', '', '\n\n').map((text) => Buffer.from(text)),
    fc
      .record({ first: fc.nat(), count: fc.nat({ max: 3 }) })
      .map(({ first, count }) => formatLedger({ v: 1, src: 's', first, count, lost: 0, at: 0 })),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), (frames) => {
      const message = parseMessage(frames, 32);
      if (typeof message === 'string') return REFUSALS.includes(message);
      return (
        (frames.length === 2 || frames.length === 3) &&
        message.body.length <= 32 &&
        (message.ledger !== undefined) === (frames.length === 3)
      );
    }),
    { numRuns: 2_000 },
  );
});

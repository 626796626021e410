import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import {
  formatLedger,
  isNodeLedger,
  MAX_LEDGER_BYTES,
  parseLedger,
  withoutRecords,
  type Ledger,
} from '../../wire/index.js';
import { ledger } from './arbitraries.js';
import { bytesOf, readVectors } from './vectors.js';

interface LedgerVectors {
  cases: { name: string; text?: string; base64?: string; ledger: Ledger | null }[];
}

const FIELDS = [
  'v',
  'src',
  'first',
  'count',
  'lost',
  'at',
  'fin',
  'beat',
  'node',
  'offset',
  'transit',
  'begin',
  'origin',
] as const;

/** The fields that the protocol knows, of what was parsed. */
function known(ledger: Ledger): Partial<Ledger> {
  return Object.fromEntries(FIELDS.filter((field) => field in ledger).map((field) => [field, ledger[field]]));
}

const vectors = readVectors('ledgers') as LedgerVectors;

void t.test('every vector is read or refused as it says', async (t) => {
  for (const vector of vectors.cases) {
    const parsed = parseLedger(bytesOf(vector));
    if (vector.ledger === null) {
      t.equal(parsed, undefined, `refused: ${vector.name}`);
      continue;
    }
    t.ok(parsed, `read: ${vector.name}`);
    if (parsed) t.strictSame(known(parsed), vector.ledger, vector.name);
  }
});

void t.test('a ledger that is written is read back as it was', async () => {
  fc.assert(
    fc.property(ledger, (ledger) => {
      const frame = formatLedger(ledger);
      assert.deepEqual(parseLedger(frame), ledger);
      assert.deepEqual(JSON.parse(frame.toString('utf8')), ledger);
    }),
  );
});

void t.test('the longest ledger that can be written stays within the limit', async (t) => {
  const n = 2 ** 48;
  const longest: Ledger = {
    v: 1,
    src: 's'.repeat(64),
    first: n,
    count: n,
    lost: n,
    at: 1790000000123.457,
    fin: true,
    beat: n,
    node: 'n'.repeat(64),
    offset: n,
    transit: n,
    begin: [n, n, n],
    origin: [n, n, 1790000000123.457, 'n'.repeat(64)],
  };
  t.ok(formatLedger(longest).length <= MAX_LEDGER_BYTES);
  t.strictSame(parseLedger(formatLedger(longest)), longest);
});

void t.test('unknown fields are not written again', async (t) => {
  const parsed = parseLedger(
    Buffer.from('{"v":1,"src":"s","first":0,"count":1,"lost":0,"at":5,"zone":"eu"}'),
  );
  t.equal(parsed && formatLedger(parsed).toString(), '{"v":1,"src":"s","first":0,"count":1,"lost":0,"at":5}');
});

void t.test('a ledger has been through a consolidator when it has all three of its fields', async (t) => {
  const base: Ledger = { v: 1, src: 's', first: 0, count: 1, lost: 0, at: 0 };
  t.equal(isNodeLedger(base), false);
  t.equal(isNodeLedger({ ...base, node: 'a', offset: 0 }), false);
  t.equal(isNodeLedger({ ...base, node: 'a', transit: 0 }), false);
  t.equal(isNodeLedger({ ...base, offset: 0, transit: 0 }), false);
  t.equal(isNodeLedger({ ...base, node: 'a', offset: 0, transit: 0 }), true);
});

void t.test('no bytes make the parser throw, and what it lets through holds what it promises', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.integer(),
    fc.double(),
    fc.constantFrom(-1, 2 ** 53, 1e308, '1', null),
  );
  const shaped = fc
    .tuple(ledger, fc.dictionary(fc.constantFrom(...FIELDS, '__proto__'), value, { maxKeys: 3 }))
    .map(([ledger, lies]) => Buffer.from(JSON.stringify({ ...ledger, ...lies }), 'utf8'));
  const raw = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(shaped, raw), (frame) => {
      const parsed = parseLedger(frame);
      if (parsed === undefined) return true;
      const { begin = [0, 0, 0], origin = [0, 0, 0, 'A'] } = parsed;
      const numbers = [
        parsed.first,
        parsed.count,
        parsed.lost,
        parsed.transit ?? 0,
        parsed.offset ?? 0,
        ...begin,
        origin[0],
        origin[1],
      ];
      return (
        begin.length === 3 &&
        begin[1] <= begin[0] &&
        begin[0] <= parsed.first &&
        origin.length === 4 &&
        origin[1] <= origin[0] &&
        origin[0] <= parsed.first &&
        numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 2 ** 48) &&
        parsed.lost <= parsed.first &&
        (parsed.transit ?? 0) <= parsed.lost
      );
    }),
    { numRuns: 1_000 },
  );
});

void t.test('without its records a ledger says where the source is, and no more has come', async (t) => {
  const sent: Ledger = { v: 1, src: 'a', first: 7, count: 3, lost: 2, at: 5, fin: true };
  t.strictSame(withoutRecords(sent), { ...sent, first: 10, count: 0 });
  const through = { ...sent, node: 'n', offset: 40, transit: 1 };
  t.strictSame(withoutRecords(through), { ...through, first: 10, count: 0, offset: 43 });
});

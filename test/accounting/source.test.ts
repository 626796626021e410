import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { SourceAccount, type Observation } from '../../accounting/index.js';
import { formatLedger, parseLedger, type Ledger } from '../../wire/index.js';
import { count, ledger } from '../wire/arbitraries.js';
import { readVectors } from '../wire/vectors.js';
import { forward } from './chain.js';

type VectorStep =
  | { restart: string }
  | { forget: true }
  | {
      sent: Ledger;
      lost?: 'before the consolidator' | 'before the relay';
      consolidator?: Observation;
      forwarded?: Ledger | null;
      relay?: Observation;
    };

interface AccountingVectors {
  cases: { name: string; node: string; relayExpects: number; relayLostHere: number; steps: VectorStep[] }[];
}

for (const { name, node: firstNode, steps, ...end } of (readVectors('accounting') as AccountingVectors)
  .cases) {
  void t.test(`vector: ${name}`, async (t) => {
    let node = firstNode;
    let consolidator = new SourceAccount();
    let offset = 0;
    const relay = new SourceAccount();
    for (const step of steps) {
      if ('restart' in step || 'forget' in step) {
        consolidator = new SourceAccount();
        if ('restart' in step) [node, offset] = [step.restart, 0];
        continue;
      }
      const { sent, lost } = step;
      if (lost === 'before the consolidator') continue;
      const observed = consolidator.observe(sent);
      t.strictSame(observed, step.consolidator, `the consolidator of ${formatLedger(sent).toString()}`);
      const { lostHere } = consolidator;
      const forwarded = forward(sent, observed, { node, offset, lostHere });
      t.strictSame(forwarded ?? null, step.forwarded, 'the ledger that it sends on');
      if (forwarded === undefined) continue;
      offset += forwarded.count;
      t.ok(parseLedger(formatLedger(forwarded)), 'which is one by the grammar');
      if (lost === undefined) t.strictSame(relay.observe(forwarded), step.relay, 'the relay');
    }
    t.equal(relay.expected, end.relayExpects, 'the number that the relay expects at the end');
    t.equal(relay.lostHere, end.relayLostHere, 'what it lost on its own link');
  });
}

void t.test('an old message that comes again does not undo what is known of earlier losses', async (t) => {
  const account = new SourceAccount();
  const base: Ledger = {
    v: 1,
    src: 's',
    first: 0,
    count: 5,
    lost: 0,
    at: 0,
    node: 'A',
    offset: 0,
    transit: 0,
  };
  account.observe(base);
  const told: Ledger = { ...base, first: 8, count: 2, lost: 3, offset: 5, transit: 3 };
  t.equal(account.observe(told).consolidator, 3);
  t.equal(account.observe(base).seen, 5);
  const { consolidator, here } = account.observe({ ...told, first: 14, offset: 11 });
  t.equal(consolidator, 0, 'those three were told of before');
  t.equal(here, 4);
});

void t.test('whatever ledgers say, the parts add up to the gap and nothing is negative', async () => {
  fc.assert(
    fc.property(fc.array(ledger, { minLength: 1, maxLength: 30, size: 'max' }), (ledgers) => {
      const account = new SourceAccount();
      let lostHere = 0;
      for (const [i, ledger] of ledgers.entries()) {
        const before = account.expected;
        const { seen, sidecar, consolidator, here } = account.observe(ledger);
        for (const part of [seen, sidecar, consolidator, here]) {
          assert.ok(Number.isSafeInteger(part) && part >= 0, `${part} is no count`);
        }
        const gap = i === 0 ? 0 : Math.max(0, ledger.first - before);
        assert.equal(sidecar + consolidator + here, gap, 'the sum of the parts is the gap');
        const overlap = i === 0 ? 0 : Math.max(0, before - ledger.first);
        assert.equal(seen, Math.min(ledger.count, overlap), 'what was seen before');
        assert.equal(account.expected, Math.max(before, ledger.first + ledger.count));
        assert.equal(account.lostHere, (lostHere += here));
      }
    }),
    { numRuns: 2_000 },
  );
});

/** Ledgers as a sidecar may make them up: without what only a consolidator writes. */
const lie: fc.Arbitrary<Ledger> = fc
  .record({ first: count, count, lost: count })
  .map(({ first, count, lost }) => ({ v: 1, src: 's', first, count, lost: Math.min(lost, first), at: 0 }));

void t.test(
  'behind a consolidator, a source that lies harms nothing but the shares of its own losses',
  async () => {
    fc.assert(
      fc.property(fc.array(lie, { minLength: 1, maxLength: 30, size: 'max' }), (lies) => {
        const consolidator = new SourceAccount();
        const relay = new SourceAccount();
        let baseline: number | undefined;
        let explained = 0;
        for (const sent of lies) {
          const observed = consolidator.observe(sent);
          const { lostHere } = consolidator;
          const forwarded = forward(sent, observed, { node: 'A', offset: 0, lostHere });
          // A relay reads what is on the wire, and refuses a ledger that claims more losses than there were numbers.
          const received = forwarded && parseLedger(formatLedger(forwarded));
          if (received === undefined) continue;
          const { seen, sidecar, consolidator: onTheWay, here } = relay.observe(received);
          baseline ??= received.first;
          explained += received.count - seen + sidecar + onTheWay + here;
        }
        assert.equal(relay.expected - (baseline ?? 0), explained);
      }),
      { numRuns: 2_000 },
    );
  },
);

void t.test(
  'the first sight of a source that began before tells what is missing since, and counts none of it',
  async (t) => {
    const base = { v: 1, src: 's', at: 0, node: 'A', offset: 40 } as const;
    const account = new SourceAccount();
    const observed = account.observe({
      ...base,
      first: 20,
      count: 3,
      lost: 15,
      transit: 3,
      begin: [2, 2, 5],
    });
    t.strictSame(observed, {
      seen: 0,
      sidecar: 0,
      consolidator: 0,
      here: 0,
      before: { sidecar: 10, consolidator: 3, here: 5, begin: [2, 2, 5] },
    });
    t.equal(account.expected, 23);
    t.equal(account.lostHere, 0);
    const next = account.observe({ ...base, first: 23, count: 1, lost: 15, transit: 3, begin: [2, 2, 5] });
    t.notOk('before' in next, 'once');
  },
);

void t.test('whatever a beginning claims, the parts are the gap', () => {
  fc.assert(
    fc.property(ledger, (ledger) => {
      const { before } = new SourceAccount().observe(ledger);
      const gap = ledger.begin === undefined ? 0 : ledger.first - ledger.begin[0];
      const { sidecar, consolidator, here } = before ?? { sidecar: 0, consolidator: 0, here: 0 };
      assert.equal(sidecar + consolidator + here, gap);
      assert.ok(Math.min(sidecar, consolidator, here) >= 0);
    }),
  );
  return Promise.resolve();
});

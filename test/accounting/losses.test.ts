import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import {
  addLosses,
  CONSOLIDATOR_TRANSIT,
  CONSUMER_OVERFLOW,
  LOSS_KINDS,
  lossOf,
  NO_LOSSES,
  RELAY_SHUTDOWN,
  RELAY_TRANSIT,
  SIDECAR_OVERFLOW,
  subtractLosses,
  sumLosses,
  type Losses,
} from '../../accounting/index.js';

void t.test('each index names the hop and the reason that it says', async (t) => {
  t.strictSame(LOSS_KINDS[SIDECAR_OVERFLOW], { hop: 'sidecar', reason: 'sidecar-overflow' });
  t.strictSame(LOSS_KINDS[CONSOLIDATOR_TRANSIT], { hop: 'consolidator', reason: 'transit' });
  t.strictSame(LOSS_KINDS[RELAY_TRANSIT], { hop: 'relay', reason: 'transit' });
  t.strictSame(LOSS_KINDS[CONSUMER_OVERFLOW], { hop: 'relay', reason: 'consumer-overflow' });
  t.strictSame(LOSS_KINDS[RELAY_SHUTDOWN], { hop: 'relay', reason: 'shutdown' });
  t.equal(NO_LOSSES.length, LOSS_KINDS.length + 1, 'the kinds, and the silent sources');
});

void t.test('a loss of one kind stands at its index alone', async (t) => {
  t.strictSame(lossOf(SIDECAR_OVERFLOW, 7), [7, 0, 0, 0, 0, 0]);
  t.strictSame(lossOf(RELAY_SHUTDOWN, 7), [0, 0, 0, 0, 7, 0]);
  t.strictSame(NO_LOSSES, [0, 0, 0, 0, 0, 0], 'and the shared zero stays one');
});

const losses: fc.Arbitrary<Losses> = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat());

void t.test('sums go kind by kind, and taking away undoes adding', async () => {
  fc.assert(
    fc.property(losses, losses, (a, b) => {
      const both = addLosses(a, b);
      assert.deepEqual(
        both,
        a.map((count, kind) => count + (b[kind] as number)),
      );
      assert.equal(sumLosses(both), sumLosses(a) + sumLosses(b));
      assert.deepEqual(subtractLosses(both, b), a);
      assert.deepEqual(addLosses(a, NO_LOSSES), a);
    }),
  );
});

void t.test('any losses are the sum of what they are by kind', async () => {
  fc.assert(
    fc.property(losses, (losses) => {
      assert.deepEqual(losses.map((count, kind) => lossOf(kind, count)).reduce(addLosses, NO_LOSSES), losses);
    }),
  );
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { unaccounted, unaccountedInRun, type Losses } from '../../accounting/index.js';

void t.test('a consumer: matched is delivered, dropped or queued', async (t) => {
  t.equal(unaccounted({ matched: 0, delivered: 0, dropped: 0, queued: 0 }), 0);
  t.equal(unaccounted({ matched: 100, delivered: 70, dropped: 20, queued: 10 }), 0);
  t.equal(unaccounted({ matched: 100, delivered: 69, dropped: 20, queued: 10 }), 1, 'one has vanished');
  t.equal(
    unaccounted({ matched: 100, delivered: 71, dropped: 20, queued: 10 }),
    -1,
    'one was delivered twice',
  );
});

void t.test('a run: captured is unread, delivered or dropped at some hop', async (t) => {
  const dropped: Losses = [1, 2, 3, 4, 5, 99];
  t.equal(unaccountedInRun({ captured: 200_000, unread: 85, delivered: 199_900, dropped }), 0);
  t.equal(unaccountedInRun({ captured: 200_001, unread: 85, delivered: 199_900, dropped }), 1);
  t.equal(unaccountedInRun({ captured: 199_999, unread: 85, delivered: 199_900, dropped }), -1);
});

void t.test('each record that is missing from any term shows as exactly that many', async () => {
  const count = fc.nat({ max: 1e9 });
  fc.assert(
    fc.property(count, count, count, count, (delivered, dropped, queued, missing) => {
      const matched = delivered + dropped + queued + missing;
      assert.equal(unaccounted({ matched, delivered, dropped, queued }), missing);
    }),
  );
  fc.assert(
    fc.property(
      count,
      count,
      fc.tuple(count, count, count, count, count, count),
      count,
      (unread, delivered, dropped, missing) => {
        const captured = unread + delivered + dropped.slice(0, 5).reduce((a, b) => a + b) + missing;
        assert.equal(unaccountedInRun({ captured, unread, delivered, dropped }), missing);
      },
    ),
  );
});

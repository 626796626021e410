import t from 'tap';
import {
  addLosses,
  CONSUMER_OVERFLOW,
  LOSS_KINDS,
  lossOf,
  NO_LOSSES,
  RELAY_TRANSIT,
} from '../../accounting/index.js';
import { describeNotice, noticesOf } from '../../relay/notice.js';

const SPAN = { since: 0, until: 1_500 };

void t.test('each kind of loss has a notice of its own, and what is upstream is of the stream', async (t) => {
  const losses = addLosses(lossOf(RELAY_TRANSIT, 3), lossOf(CONSUMER_OVERFLOW, 4));
  const totals = addLosses(losses, losses);
  const times = { since: '1970-01-01T00:00:00.000Z', until: '1970-01-01T00:00:01.500Z' };
  t.strictSame(noticesOf(losses, totals, SPAN), [
    { count: 3, reason: 'transit', hop: 'relay', ...times, total: 6, of: 'stream' },
    { count: 4, reason: 'consumer-overflow', hop: 'relay', ...times, total: 8 },
  ]);
  t.strictSame(noticesOf(NO_LOSSES, totals, SPAN), []);
});

void t.test('every kind is said in a sentence of its own', async (t) => {
  const sentences = LOSS_KINDS.map((_, kind) => {
    const [notice] = noticesOf(lossOf(kind, 2), lossOf(kind, 2), SPAN);
    return notice === undefined ? '' : describeNotice(notice);
  });
  t.equal(new Set(sentences).size, LOSS_KINDS.length);
  for (const sentence of sentences) t.match(sentence, /^2 records dropped (in|on) [^:]+: [a-z ]+/);
});

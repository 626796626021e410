import t from 'tap';
import { markEntry, type Entry } from '../../relay/viewer/entry.js';
import { Outbox } from '../../relay/viewer/outbox.js';

const entries = (count: number): Entry[] => Array.from({ length: count }, (_, i) => markEntry(String(i)));

void t.test('one batch is with the page at a time', async (t) => {
  const sent: number[] = [];
  const outbox = new Outbox((batch) => sent.push(batch.length));
  await outbox.put(entries(3));
  await outbox.put(entries(4));
  await outbox.put(entries(5));
  t.same(sent, [3], 'the next waits until the page asks');
  outbox.take();
  t.same(sent, [3, 9], 'and is all that came meanwhile');
  outbox.take();
  await outbox.put(entries(1));
  t.same(sent, [3, 9, 1], 'a page that waits gets it at once');
});

void t.test('a page that takes nothing stops the reading, and no entry is lost', async (t) => {
  let sent = 0;
  const outbox = new Outbox((batch) => (sent += batch.length));
  let isReading = false;
  const put = outbox.put(entries(30_000)).then(() => (isReading = true));
  await Promise.resolve();
  t.equal(isReading, false);
  for (let batch = 0; batch < 15; batch++) outbox.take();
  await put;
  t.equal(sent, 30_000);
});

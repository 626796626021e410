import t from 'tap';
import { checkLaw } from '../../bench/lib/account.js';
import { formatStamp, readStamp, STAMP_LENGTH } from '../../bench/lib/clock.js';
import { blockOf, LINE_KINDS, stampedLine } from '../../bench/lib/lines.js';
import { prepareBody } from '../../bench/lib/records.js';
import { findHighest } from '../../bench/lib/search.js';
import { checkServerAccount } from '../../bench/lib/server-account.js';
import { summarize } from '../../bench/lib/statistics.js';
import { formatNumber, isReached, table } from '../../bench/lib/table.js';

void t.test('the law holds where received and dropped make up what was published', (t) => {
  t.doesNotThrow(() => checkLaw('a run', [{ received: 8, dropped: 2 }], () => 10));
  t.end();
});

void t.test('the law breaks on a record too few and on one too many', (t) => {
  for (const received of [7, 9]) {
    t.throws(() => checkLaw('a run', [{ received, dropped: 2 }], () => 10), {
      code: 'law',
      message: `a run does not add up for 1 of 1 readers (reader 0: 10 ≠ ${received} + 2 dropped).`,
    });
  }
  t.end();
});

void t.test("the relay's account must add up and say what the readers saw", (t) => {
  const row = { matched: 10, delivered: 8, dropped: 2, queued: 0, losses: [{ count: 2 }, { count: 1 }] };
  t.doesNotThrow(() => checkServerAccount([row], [{ received: 8, dropped: 3 }]));
  t.throws(() => checkServerAccount([{ ...row, queued: 1 }], [{ received: 8, dropped: 3 }]), { code: 'law' });
  t.throws(() => checkServerAccount([row], [{ received: 7, dropped: 3 }]), { code: 'law' });
  t.throws(() => checkServerAccount([row], [{ received: 8, dropped: 2 }]), { code: 'law' });
  t.throws(() => checkServerAccount([], [{ received: 0, dropped: 0 }]), { code: 'law' });
  t.end();
});

void t.test('a search finds the highest rate that is sustained', async (t) => {
  const tried: number[] = [];
  const upTo = (limit: number) => (rate: number) => {
    tried.push(rate);
    return Promise.resolve(rate <= limit);
  };
  const options = { from: 100, upTo: 10_000, steps: 3 };
  t.equal(await findHighest(options, upTo(1_150)), 1_100);
  t.same(tried, [100, 200, 400, 800, 1_600, 1_200, 1_000, 1_100]);
  t.equal(await findHighest(options, upTo(50)), 0);
  t.equal(await findHighest(options, upTo(99_999)), 10_000);
});

void t.test('a summary is median and range', (t) => {
  t.same(summarize([3, 1, 2]), { median: 2, low: 1, high: 3 });
  t.same(summarize([4, 1, 2, 3]), { median: 2.5, low: 1, high: 4 });
  t.throws(() => summarize([]), RangeError);
  t.end();
});

void t.test('records have exactly the bytes that were asked for, and each carries the stamp', (t) => {
  const prepared = prepareBody(3, 220);
  prepared.stamp(123_456_789);
  const lines = prepared.body.toString().split('\n');
  t.equal(lines.pop(), '');
  t.same(
    lines.map((line) => line.length),
    [220, 220, 220],
  );
  for (const line of lines) {
    t.match(JSON.parse(line), { v: 0, level: 30 });
    t.equal(readStamp(Buffer.from(line), 0, line.length), 123_456_789);
  }
  t.throws(() => prepareBody(1, 100), RangeError);
  t.end();
});

void t.test('a stamp is read where it is whole, and only there', (t) => {
  const bytes = Buffer.from(`data: ${formatStamp(42.4)} and ${formatStamp(43)}`);
  t.equal(readStamp(bytes, 0, bytes.length), 42);
  t.equal(readStamp(bytes, 7, bytes.length), 43);
  t.equal(readStamp(bytes, 0, 6 + STAMP_LENGTH - 1), undefined);
  t.equal(readStamp(Buffer.from('me@example.org 0000000000000000'), 0, 30), undefined);
  t.equal(readStamp(Buffer.from('none'), 0, 4), undefined);
  t.end();
});

void t.test('a block of output has the lines that it says', (t) => {
  for (const kind of LINE_KINDS) {
    const { bytes, lines } = blockOf(kind);
    t.equal(bytes.toString().split('\n').length - 1, lines, kind);
    t.equal(bytes.at(-1), 0x0a);
  }
  t.equal(stampedLine(1).length, stampedLine(1e12).length);
  t.end();
});

void t.test('a table shows three digits that count, and whether a target is reached', (t) => {
  t.same([0, 0.015234, 2.71999, 99.96, 1234.5, 2_130_000].map(formatNumber), [
    '0',
    '0.0152',
    '2.72',
    '100',
    '1,235',
    '2,130,000',
  ]);
  t.equal(
    table([
      ['a', '1'],
      ['bcd', '10'],
    ]),
    '  a     1\n  bcd  10',
  );
  t.ok(isReached(2, { atLeast: 2 }) && isReached(2, { atMost: 2 }));
  t.notOk(isReached(1, { atLeast: 2 }) || isReached(3, { atMost: 2 }));
  t.end();
});

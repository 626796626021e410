import t from 'tap';
import fc from 'fast-check';
import { SseCounter } from '../../bench/lib/sse-counter.js';

const RECORD = 'id: 1~AbCdEfGh.1a\ndata: {"msg":"line"}\n\n';
const notice = (count: number | null) => `event: dropped\ndata: {"count":${count},"hop":"relay"}\n\n`;

function count(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const counter = new SseCounter();
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i += 1) {
    // Each piece stands in the middle of a larger buffer whose rest is of no account, as it is with a shared one.
    const piece = bytes.subarray(places[i - 1], places[i]);
    const space = Buffer.concat([Buffer.from('\n\n'), piece, Buffer.from('\ndata: stale\n\n')]);
    counter.push(space, 2, 2 + piece.length);
  }
  return { records: counter.records, dropped: counter.dropped, notices: counter.notices };
}

void t.test('records and the drops that notices tell of are counted, and nothing else is', (t) => {
  const others = ':\n\nevent: status\ndata: {"count":5}\n\nretry: 100\n\n';
  t.same(count(`${others}${RECORD}${notice(7)}data: {}\n\n${others}${notice(3)}${RECORD}`), {
    records: 3,
    dropped: 10,
    notices: 2,
  });
  t.same(count(''), { records: 0, dropped: 0, notices: 0 });
  t.end();
});

void t.test('an event that begins with comment lines is counted as what it is', (t) => {
  t.same(count(`:\n${RECORD}:a\n:b\n${notice(2)}:\n:\n\n${RECORD}`), { records: 2, dropped: 2, notices: 1 });
  t.end();
});

void t.test('an event whose end has not come does not count yet', (t) => {
  t.equal(count(RECORD.slice(0, -1)).records, 0);
  t.equal(count(RECORD).records, 1);
  t.end();
});

void t.test('any cut of any stream gives the same count', (t) => {
  const event = fc.oneof(
    fc.constant(RECORD),
    fc.constant('data: x\n\n'),
    fc.constant(':\n\n'),
    fc.constant(`:\n${RECORD}`),
    fc.constant('event: status\ndata: {"consolidators":1}\n\n'),
    fc.nat({ max: 1000 }).map(notice),
  );
  const stream = fc
    .array(event, { maxLength: 30 })
    .map((events) => events.join(''))
    .chain((text) => fc.tuple(fc.constant(text), fc.array(fc.nat({ max: text.length }), { maxLength: 60 })));
  fc.assert(fc.property(stream, ([text, cuts]) => t.same(count(text, cuts), count(text))));
  t.end();
});

void t.test('a stream that comes byte by byte is counted', (t) => {
  const text = (RECORD + notice(2)).repeat(3);
  const cuts = Array.from(text, (_, i) => i);
  t.same(count(text, cuts), { records: 3, dropped: 6, notices: 3 });
  t.end();
});

void t.test('a notice that cannot say how many are missing is a notice of none', (t) => {
  t.same(count(`${notice(null)}${notice(2)}`), { records: 0, dropped: 2, notices: 2 });
  t.end();
});

void t.test('each record is handed over whole, once', (t) => {
  const seen: string[] = [];
  const counter = new SseCounter((bytes, start, end) => seen.push(bytes.toString('latin1', start, end)));
  const bytes = Buffer.from(RECORD + notice(1) + RECORD);
  counter.push(bytes, 0, 30);
  counter.push(bytes, 30, bytes.length);
  t.same(seen, [RECORD, RECORD]);
  t.end();
});

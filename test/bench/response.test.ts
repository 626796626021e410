import t from 'tap';
import fc from 'fast-check';
import { ChunkedDecoder } from '../../bench/lib/chunked.js';
import { SseResponse } from '../../bench/lib/response.js';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const EVENT = 'id: 1\ndata: {"a":"\\r\\n"}\n\n';

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function read(text: string, cuts: readonly number[]) {
  let opened = 0;
  const response = new SseResponse(() => (opened += 1));
  const bytes = Buffer.from(text, 'latin1');
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i += 1)
    response.push(bytes, places[i - 1] as number, places[i] as number);
  return { opened, records: response.counter.records };
}

void t.test('any chunks, and any cut of their bytes, give all events', (t) => {
  const events = EVENT.repeat(5);
  const cases = fc.tuple(
    fc.array(fc.nat({ max: events.length }), { maxLength: 10 }),
    fc.array(fc.nat({ max: 400 }), { maxLength: 40 }),
  );
  fc.assert(
    fc.property(cases, ([ends, cuts]) => {
      const places = [...new Set([0, ...ends, events.length])].toSorted((a, b) => a - b);
      const body = places.slice(1).map((end, i) => chunk(events.slice(places[i], end)));
      const text = HEAD + body.join('');
      return t.same(
        read(
          text,
          cuts.filter((cut) => cut <= text.length),
        ),
        { opened: 1, records: 5 },
      );
    }),
  );
  t.end();
});

void t.test('a body without chunks is read as it comes', (t) => {
  t.same(read(`HTTP/1.1 200 OK\r\n\r\n${EVENT}${EVENT}`, [10, 30]), { opened: 1, records: 2 });
  t.end();
});

void t.test('an answer that is no stream is an error that says what the server said', (t) => {
  t.throws(() => read('HTTP/1.1 404 Not Found\r\n\r\nnothing here', []), /404 Not Found: nothing here/);
  t.end();
});

void t.test('bytes that are no chunk are an error, and the last chunk is the end', (t) => {
  const pieces: string[] = [];
  const decoder = new ChunkedDecoder((bytes, start, end) =>
    pieces.push(bytes.toString('latin1', start, end)),
  );
  const body = Buffer.from(`3;ext=1\r\nabc\r\n0\r\n\r\n`);
  decoder.push(body, 0, body.length);
  t.same(pieces, ['abc']);
  t.ok(decoder.ended);
  t.throws(() => new ChunkedDecoder(() => {}).push(Buffer.from('xyz'), 0, 3), /no chunk/);
  t.end();
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { frame, headOf, join } from '../../relay/chunk.js';
import { ENCODERS } from '../../relay/encode/index.js';
import { createFilter } from '../../relay/filter.js';
import {
  byteAt,
  cutOff,
  gather,
  MAX_SHARED_BYTES,
  recordAt,
  seekBytes,
  seekRecord,
  View,
  type Place,
  type Span,
} from '../../relay/view.js';
import { lossOf, RELAY_TRANSIT } from '../../accounting/index.js';
import { batchOf, numberedLines, unchunk } from '../support/relay.js';

const NOW = Date.parse('2026-01-02T06:41:13.980Z');

function viewOf(sizes: readonly number[]): { view: View; start: Place } {
  const view = new View(ENCODERS.ndjson, createFilter({}));
  const start = view.end;
  let next = 0;
  for (const size of sizes) {
    if (size === 0) view.appendLosses(lossOf(RELAY_TRANSIT, 1), { since: NOW, until: NOW });
    else view.append(batchOf(numberedLines(next, size)), 0, '');
    next += size;
  }
  return { view, start };
}

/** All payload from a place to the end of its chain. */
function textFrom(place: Place): string {
  let text = '';
  for (let span = gather(place); span !== undefined; span = gather(span.to)) {
    const payload = span.framed.subarray(span.start, span.end);
    assert.deepEqual(unchunk(span.framed), payload, 'framed or not, it is the same');
    text += payload.toString();
  }
  return text;
}

const sizes = fc.array(fc.nat({ max: 5 }), { maxLength: 12 });

void t.test('a chunk is framed as HTTP/1.1 has it, and nothing is no chunk', async (t) => {
  t.equal(frame('x'.repeat(26)).framed.toString(), `1a\r\n${'x'.repeat(26)}\r\n`);
  const { framed, start, end } = frame('abc\n');
  t.equal(framed.toString('latin1', start, end), 'abc\n');
  t.equal(frame('').framed.length, 0);
});

void t.test('several chunks are one chunk with all their payload', async (t) => {
  const parts = ['one\n', '', 'x'.repeat(300)].map((text) => frame(text));
  t.strictSame(join(parts), frame(`one\n${'x'.repeat(300)}`));
  t.strictSame(join([frame(''), frame('')]), frame(''), 'and a chunk of size 0 would end the response');
});

void t.test('who is behind gets less at a time than those who have everything', async (t) => {
  const { view, start } = viewOf(Array.from({ length: 100 }, () => 50));
  const whole = view.bytes;
  t.ok(whole > 3 * 64 * 1024 && whole < MAX_SHARED_BYTES);
  const own = view.span(start) as Span;
  t.ok(own.end - own.start < 80 * 1024, 'it pins that alone');
  view.forgetSpans();
  const shared = view.span(start, MAX_SHARED_BYTES) as Span;
  t.equal(shared.end - shared.start, whole);
  t.equal(shared.records, 5_000);
});

void t.test('any place is found by its number or by the bytes behind it', async () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (sizes, seed) => {
      const { view, start } = viewOf(sizes);
      const number = seed % (view.records + 1);
      const place = seekRecord(start, number);
      assert.equal(recordAt(place), number);
      assert.equal(textFrom(place).length, view.bytes - byteAt(place));
      const bytes = seed % (view.bytes + 1);
      const near = seekBytes(start, view.bytes, bytes);
      assert.ok(view.bytes - byteAt(near) <= bytes);
      assert.equal(recordAt(view.end), view.records);
      assert.equal(byteAt(view.end), view.bytes);
    }),
  );
});

void t.test(
  'a chain that is cut off holds what stood between the two places, and goes on no further',
  async () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (sizes, a, b) => {
        const { view, start } = viewOf(sizes);
        const from = seekRecord(start, a % (view.records + 1));
        const to = seekRecord(from, recordAt(from) + (b % (view.records - recordAt(from) + 1)));
        const whole = textFrom(from);
        const cut = cutOff(from, to);
        assert.equal(textFrom(cut), whole.slice(0, byteAt(to) - byteAt(from)));
        view.append(batchOf(numberedLines(0, 3)), 0, '');
        assert.equal(textFrom(cut).length, byteAt(to) - byteAt(from), 'what comes later is no part of it');
      }),
    );
  },
);

void t.test('consumers at the same place share the very bytes of a write', async (t) => {
  const { view, start } = viewOf([2, 3, 1]);
  const span = view.span(start);
  t.equal(view.span({ ...start })?.framed, span?.framed);
  t.equal(span?.records, 6);
  view.append(batchOf(numberedLines(6, 1)), 0, '');
  t.not(view.span(start)?.framed, span?.framed, 'until there is more');
  view.forgetSpans();
  t.equal(view.span(view.end), undefined);
});

void t.test('a single batch is written as it was framed, without a copy', async (t) => {
  const { view, start } = viewOf([4]);
  t.equal(view.span(start)?.framed, start.link.next?.chunk.framed);
});

void t.test('the first records of a chunk are a chunk', async (t) => {
  const { start } = viewOf([4]);
  const chunk = start.link.next?.chunk;
  if (chunk === undefined) throw new Error('there is no chunk');
  const head = headOf(chunk, 3);
  t.equal(head.count, 3);
  t.equal(
    unchunk(head.framed).toString(),
    unchunk(chunk.framed).toString().split('\n').slice(0, 3).join('\n') + '\n',
  );
});

void t.test('a notice is written nowhere but where it stands', async (t) => {
  const { start } = viewOf([2, 0, 2]);
  t.match(textFrom(start), /"n":1\}\n\{"name":"spillway"[^\n]*\n\{[^\n]*"n":2\}\n/);
});

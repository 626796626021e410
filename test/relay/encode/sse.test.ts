import { createParser, type EventSourceMessage } from 'eventsource-parser';
import * as fc from 'fast-check';
import t from 'tap';
import { sse } from '../../../relay/encode/sse.js';
import { batchOf } from '../../support/relay.js';

/** What a client makes of latin1 text that was encoded. */
function parse(latin1: string): { events: EventSourceMessage[]; comments: string[]; retries: number[] } {
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
    onRetry: (retry) => retries.push(retry),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(Buffer.from(latin1, 'latin1').toString('utf8'));
  return { events, comments, retries };
}

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

void t.test('a record is an unnamed event of its JSON, with the cursor after it as id', async (t) => {
  const lines = ['{"msg":"grüße 👋"}', '{"msg":"b"}'];
  const batch = batchOf(lines.map(latin1), { node: 'A', offset: 35 });
  const { events } = parse(sse.record(batch, 0, '1~B.7~A.') + sse.record(batch, 1, '1~B.7~A.'));
  t.strictSame(
    events.map(({ id, event, data }) => ({ id, event, data })),
    [
      { id: '1~B.7~A.10', event: undefined, data: lines[0] },
      { id: '1~B.7~A.11', event: undefined, data: lines[1] },
    ],
  );
});

void t.test('a record without a cursor has no id', async (t) => {
  const { events } = parse(sse.record(batchOf(['{}']), 0, ''));
  t.match(events, [{ id: undefined, data: '{}' }]);
});

void t.test('a notice is a named event without an id: it moves no position', async (t) => {
  const notice = {
    count: 3,
    reason: 'transit',
    hop: 'relay',
    since: '2026-01-02T06:41:13.980Z',
    until: '2026-01-02T06:41:14.980Z',
    total: 9,
    of: 'stream',
  } as const;
  const { events } = parse(sse.notice(notice));
  t.equal(events.length, 1);
  t.match(events[0], { event: 'dropped', id: undefined });
  t.strictSame(JSON.parse(events[0]?.data ?? ''), notice);
});

void t.test('states, comments and delays are what a client takes them for', async (t) => {
  const text = sse.keepalive + sse.event('status', { stream: 'tenant/grün/' }) + sse.retry(1_234);
  const { events, comments, retries } = parse(text);
  t.strictSame(comments, ['']);
  t.strictSame(retries, [1_234]);
  t.match(events, [{ event: 'status', data: '{"stream":"tenant/grün/"}' }]);
});

void t.test('threat: no line whatever makes more than one event, or one with a name', async () => {
  const nasty = fc.constantFrom(
    '\r',
    '\r\r',
    'data: ',
    'id: 1',
    'event: bye',
    ':',
    '\0',
    '\ufeff',
    '"',
    '{',
    'ü',
    ' ',
  );
  const line = fc
    .oneof(
      fc.string(),
      fc.array(nasty, { size: 'medium' }).map((parts) => parts.join('')),
    )
    .map((text) => text.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
      const batch = batchOf(lines.map(latin1), { node: 'A', offset: 0 });
      const { events } = parse(lines.map((_, i) => sse.record(batch, i, '1~A.')).join(''));
      return (
        events.length === lines.length &&
        events.every(
          ({ event, id, data }, i) =>
            event === undefined &&
            id === `1~A.${(i + 1).toString(36)}` &&
            data === Buffer.from((lines[i] as string).replaceAll('\r', ' ')).toString(),
        )
      );
    }),
  );
});

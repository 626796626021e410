import fc from 'fast-check';
import t from 'tap';
import { formatLedger, formatMark, parseMark, parseMessage } from '../../wire/index.js';

const MARK = { prefix: 'tenant/acme/', node: 'q3Zk_w-1', offset: 7, at: 5, holds: false };

void t.test('a mark that is written is read back', async (t) => {
  for (const prefix of ['tenant/acme/', 'tenant/acme/web-1/', 'system/', 'system/scheduler/'])
    for (const holds of [false, true])
      t.strictSame(parseMark(formatMark({ ...MARK, prefix, holds })), { ...MARK, prefix, holds });
  const young = { ...MARK, up: 12 };
  t.strictSame(parseMark(formatMark(young)), young);
});

void t.test('to who knows no marks it is a message of no topic, or a source that ends at once', async (t) => {
  t.equal(parseMessage(formatMark(MARK)), 'topic');
  const narrow = parseMessage(formatMark({ ...MARK, prefix: 'system/x/' }));
  t.match(narrow, { name: 'system/x/', ledger: { src: MARK.node, count: 0, fin: true } });
});

void t.test('no other message is taken for one', async (t) => {
  const [head, body, tail] = formatMark(MARK);
  const ledger = { v: 1, src: 's', first: 0, count: 0, lost: 0, at: 0 } as const;
  const heartbeat = formatLedger({ ...ledger, node: 'A', offset: 7, transit: 0 });
  t.equal(parseMark([head, body, heartbeat]), undefined, 'a heartbeat');
  t.equal(parseMark([head, Buffer.from('{}\n'), tail]), undefined, 'one with a body');
  t.equal(parseMark([head, body]), undefined, 'two frames');
  t.equal(parseMark([Buffer.from('tenant/a'), body, tail]), undefined, 'no stream');
  t.equal(parseMark([head, body, formatLedger({ ...ledger, node: 's' })]), undefined, 'half a ledger');
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))), (frames) => {
      return parseMark(frames) === undefined;
    }),
  );
});

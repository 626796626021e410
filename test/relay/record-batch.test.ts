import * as fc from 'fast-check';
import t from 'tap';
import { latin1Of, splitLines, utf8Of } from '../../relay/record-batch.js';
import { batchOf } from '../support/relay.js';

void t.test('text survives the way through latin1 and back', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const clean = Buffer.from(text).toString();
      return utf8Of(latin1Of(clean)) === clean;
    }),
  );
});

void t.test('a body is split at line feeds, the last of which may be missing', async (t) => {
  t.strictSame(splitLines(Buffer.from('a\nb\n')), ['a', 'b']);
  t.strictSame(splitLines(Buffer.from('a\nb')), ['a', 'b']);
  t.strictSame(splitLines(Buffer.from('a\n\nb\n')), ['a', '', 'b']);
  t.strictSame(splitLines(Buffer.alloc(0)), []);
  t.strictSame(splitLines(Buffer.from('a\r\u2028\n')).map(utf8Of), ['a\r\u2028']);
});

void t.test('a record is parsed at most once, and what is no object has none', async (t) => {
  const batch = batchOf(['{"a":1}', '[1]', 'null', '{', latin1Of('{"b":"ü"}')]);
  t.equal(batch.record(0), batch.record(0));
  t.strictSame(
    [1, 2, 3].map((i) => batch.record(i)),
    [undefined, undefined, undefined],
  );
  t.match(batch.record(4), { b: 'ü' });
});

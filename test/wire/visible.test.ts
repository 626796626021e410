import * as fc from 'fast-check';
import t from 'tap';
import { visible, visibleJson, visibleValue } from '../../wire/visible.js';

/** Written apart from the code under test, as the Unicode categories Cc and Bidi_Control have it. */
const DRIVERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/u;

const hostile = fc.string({
  unit: fc.oneof(
    fc.nat(0xa0).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x2000, max: 0x2070 }).map((code) => String.fromCharCode(code)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

void t.test('Sequences that drive a terminal become pictures.', (t) => {
  const table: readonly [string, string, string][] = [
    ['colour', '\u001b[31mred', '␛[31mred'],
    ['title', '\u001b]0;owned\u0007', '␛]0;owned␇'],
    ['8-bit CSI', '\u009b2J', '<U+009B>2J'],
    ['overwriting the line', 'bad\rgood', 'bad␍good'],
    ['backspace and delete', 'a\b\u007f', 'a␈␡'],
    ['right to left override', 'a\u202Eb', 'a<U+202E>b'],
    ['isolate', '\u2066x\u2069', '<U+2066>x<U+2069>'],
    ['NUL', '\u0000', '␀'],
    ['the end of a line', 'a\r\nb\n', 'a\nb\n'],
    ['a tab', 'a\tb', 'a\tb'],
    ['letters of every kind', 'é 漢 🎉 ‘’ …', 'é 漢 🎉 ‘’ …'],
  ];
  for (const [title, text, shown] of table) t.equal(visible(text), shown, title);
  t.end();
});

void t.test(
  'Nothing that drives a terminal comes through, and what is harmless comes through as it is.',
  (t) => {
    fc.assert(fc.property(hostile, (text) => !DRIVERS.test(visible(text))));
    fc.assert(fc.property(hostile, (text) => DRIVERS.test(text) || visible(text) === text));
    t.end();
  },
);

void t.test('JSON means the same after it has been made visible.', (t) => {
  fc.assert(
    fc.property(hostile, fc.jsonValue(), (text, value) => {
      const line = JSON.stringify({ text, value, [text]: 1 });
      const shown = visibleJson(line);
      return !DRIVERS.test(shown) && JSON.stringify(JSON.parse(shown)) === line;
    }),
  );
  t.end();
});

void t.test('A value is made visible in its keys and to its depths, however deep.', (t) => {
  t.strictSame(visibleValue({ 'a\u001b': ['\u009b', { b: '\u202e', c: 1, d: null }] }), {
    'a␛': ['<U+009B>', { b: '<U+202E>', c: 1, d: null }],
  });
  t.ok(visibleValue(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))));
  t.end();
});

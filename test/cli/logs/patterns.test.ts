import t from 'tap';
import { highlighter, matcher } from '../../../cli/logs/patterns.js';

const line = (fields: object) =>
  JSON.stringify({
    name: 'web-1',
    hostname: 'vm',
    pid: 1,
    level: 30,
    msg: 'hello you',
    time: '2026-01-02T06:41:13.980Z',
    v: 0,
    ...fields,
  });

void t.test('Wanted is what one of the included patterns matches and none of the excluded.', (t) => {
  const isWanted = matcher({ include: [/hello/, /req_id=7/], exclude: [/path=.health/] });
  t.equal(isWanted(line({})), true);
  t.equal(isWanted(line({ msg: 'bye' })), false);
  t.equal(isWanted(line({ msg: 'bye', req_id: 7 })), true, 'a field is part of the text');
  t.equal(isWanted(line({ path: '/health' })), false);
  t.equal(isWanted('hello, no record'), true);
  t.equal(matcher({ include: [], exclude: [] })(''), true);
  t.equal(matcher({ include: [], exclude: [/INFO web-1: hello/] })(line({})), false, 'as -o short has it');
  t.end();
});

void t.test('A pattern with lines matches a record with lines.', (t) => {
  t.equal(
    matcher({ include: [/Error: boom\n\s+at a/], exclude: [] })(line({ msg: 'Error: boom\n  at a' })),
    true,
  );
  t.end();
});

void t.test('Matches are inverted; overlapping ones are one, empty ones nothing.', (t) => {
  const mark = highlighter([/ab/, /bc/, /z*/]);
  t.equal(mark('xabcx'), 'x\u001b[7mabc\u001b[27mx');
  t.equal(mark('x'), 'x');
  t.equal(highlighter([/a\nb/])('a\nb'), '\u001b[7ma\u001b[27m\n\u001b[7mb\u001b[27m');
  t.equal(
    highlighter([/./])('\u001b[36m🎉\u001b[39m'),
    '\u001b[36m\u001b[7m🎉\u001b[39m\u001b[27m',
    'a pair stays one',
  );
  t.end();
});

import t from 'tap';
import { LineJoiner } from '../../sidecar/multiline.js';

const LONG = 100_000;

/** What opens a trace of each kind, up to where its next line is asked about. */
const OPENINGS = [
  ['Error: x'],
  ['Error: x {', '    at f {'],
  ['/app/x.js:1', 'source', '^'],
  ['Traceback (most recent call last):', 'ValueError: x'],
  ['panic: x'],
];

const PARTS = [
  ' ',
  '\t',
  '^',
  '^ ',
  '(',
  ')(',
  '()',
  'a.(',
  '(a',
  '-',
  'r',
  'at ',
  'Error',
  'Error:',
  '/a:1',
  '... 1 ',
  'SIG',
  'goroutine ',
];

const ENDS = ['', 'x', ' ', ')', '\u2028)'];

void t.test('threat: a line that makes the patterns of traces backtrack holds the sidecar up', async (t) => {
  const cases = OPENINGS.flatMap((opening) =>
    PARTS.flatMap((part) => ENDS.map((end) => ({ opening, part, end }))),
  );
  const slow = cases.find(({ opening, part, end }) => {
    const joiner = new LineJoiner();
    for (const line of opening) joiner.push(line, undefined, 0, () => {});
    const before = process.cpuUsage();
    joiner.push(part.repeat(LONG / part.length) + end, undefined, 0, () => {});
    // Less than a millisecond; nine seconds where each bracket is tried as the one that ends the name.
    return process.cpuUsage(before).user >= 1_000_000;
  });
  t.equal(slow, undefined);
});

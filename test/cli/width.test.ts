import t from 'tap';
import { fit } from '../../cli/width.js';

void t.test('A text is filled up or cut to so many columns, whatever its characters take.', (t) => {
  t.equal(fit('abc', 5), 'abc  ');
  t.equal(fit('abc', 5, 'right'), '  abc');
  t.equal(fit('abcdef', 5), 'abcd…');
  t.equal(fit('漢字漢字', 5), '漢字…');
  t.equal(fit('漢字漢字', 6), '漢字… ');
  t.equal(fit('é👩‍👩‍👧x', 4), 'é👩‍👩‍👧x');
  t.equal(fit('abc', 0), '');
  t.end();
});

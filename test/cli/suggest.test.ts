import * as fc from 'fast-check';
import t from 'tap';
import { didYouMean, editDistance } from '../../cli/suggest.js';

void t.test('A slip of the fingers is named, and a word that is like none is not.', (t) => {
  const names = ['tail', 'since', 'level', 'max-retries'];
  t.equal(didYouMean('tial', names, '--'), ' (did you mean --tail?)');
  t.equal(didYouMean('levle', names, '--'), ' (did you mean --level?)');
  t.equal(didYouMean('max', names, '--'), ' (did you mean --max-retries?)', 'a beginning is enough');
  t.equal(didYouMean('maxretries', names), ' (did you mean max-retries?)');
  t.equal(didYouMean('follow', names), '');
  t.equal(didYouMean('x', names), '');
  t.end();
});

void t.test('The distance of two words is a metric for one edit and the same both ways.', (t) => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === editDistance(b, a)));
  fc.assert(fc.property(word, word, (a, b) => (editDistance(a, b) === 0) === (a === b)));
  fc.assert(
    fc.property(word, fc.nat(8), (a, at) => editDistance(a, `${a.slice(0, at)}x${a.slice(at)}`) === 1),
  );
  t.equal(editDistance('ab', 'ba'), 1, 'a swap is one edit');
  t.end();
});

import t from 'tap';
import { ratiosOf } from '../../bench/compare/ratios.js';
import type { Figure } from '../../bench/lib/scenario.js';

const figure = (samples: readonly number[], at?: Figure['at']): Figure => ({
  what: 'rate',
  unit: '/s',
  ...(at && { at }),
  samples,
});

void t.test('a ratio is taken within each pair, so that what slowed both does not show', (t) => {
  const pairs = [
    { here: [figure([100, 300, 200])], there: [figure([100])] },
    { here: [figure([20])], there: [figure([10])] },
    { here: [figure([6])], there: [figure([2])] },
  ];
  t.match(ratiosOf(pairs), [{ here: 20, there: 10, ratio: { median: 2, low: 2, high: 3 } }]);
  t.end();
});

void t.test('what only one side has, and what is 0 there, has no ratio', (t) => {
  const at = { consumers: 1 };
  t.same(ratiosOf([{ here: [figure([1], at), figure([1])], there: [figure([1], { consumers: 2 })] }]), []);
  t.same(ratiosOf([{ here: [figure([1])], there: [figure([0])] }]), []);
  t.same(ratiosOf([]), []);
  t.end();
});

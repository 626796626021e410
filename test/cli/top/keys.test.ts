import t from 'tap';
import { actionsOf } from '../../../cli/top/keys.js';

void t.test('Keys are read one by one, however many come at once, and others do nothing.', (t) => {
  t.strictSame(actionsOf('\u001b[B\u001b[Bjx'), [
    { kind: 'scroll', by: 1 },
    { kind: 'scroll', by: 1 },
    { kind: 'scroll', by: 1 },
  ]);
  t.strictSame(actionsOf('d\u001b[5~q'), [
    { kind: 'sort', sort: 'drops' },
    { kind: 'scroll', by: -10 },
    { kind: 'quit' },
  ]);
  t.strictSame(actionsOf('\u0003'), [{ kind: 'interrupt' }]);
  t.strictSame(actionsOf('\u001b[1;5C é?'), [{ kind: 'scroll', by: 10 }]);
  t.end();
});

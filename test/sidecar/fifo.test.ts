import * as fc from 'fast-check';
import t from 'tap';
import { Fifo } from '../../sidecar/fifo.js';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('push' as const), times: fc.nat({ max: 3_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('shift' as const), times: fc.nat({ max: 3_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unshift' as const), times: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), times: fc.constant(1) }) },
);

/** Does one and the same to both, and says whether they answer the same. */
const DO: Record<
  'push' | 'shift' | 'unshift' | 'clear',
  (fifo: Fifo<number>, array: number[], item: number) => boolean
> = {
  push(fifo, array, item) {
    fifo.push(item);
    array.push(item);
    return true;
  },
  shift: (fifo, array) => fifo.shift() === array.shift(),
  unshift(fifo, array, item) {
    fifo.unshift(item);
    array.unshift(item);
    return true;
  },
  clear(fifo, array) {
    fifo.clear();
    array.length = 0;
    return true;
  },
};

void t.test('it holds what an array would, in the same order', async (t) => {
  const same = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const fifo = new Fifo<number>();
    const array: number[] = [];
    let next = 0;
    for (const { do: what, times } of steps) {
      for (let i = 0; i < times; i += 1) {
        next += 1;
        if (!DO[what](fifo, array, next)) return false;
        if (fifo.length !== array.length || fifo.first !== array[0]) return false;
      }
    }
    return true;
  });
  t.equal(fc.check(same).counterexample, null);
});

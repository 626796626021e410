import fc from 'fast-check';
import t from 'tap';
import { Bounded } from '../../relay/viewer/bounded.js';

void t.test('an item keeps its number while older ones are let go', async (t) => {
  const queue = new Bounded<string>({ items: 2, weight: 100 }, (text) => text.length);
  for (const text of ['a', 'b', 'c']) queue.push(text);
  t.equal(queue.get(0), undefined);
  t.equal(queue.get(1), 'b');
  t.equal(queue.get(2), 'c');
  t.same([queue.first, queue.next, queue.length], [1, 3, 2]);
});

void t.test('weight is a bound too, and the newest stays however heavy it is', async (t) => {
  const queue = new Bounded<string>({ items: 10, weight: 5 }, (text) => text.length);
  const gone: string[] = [];
  for (const text of ['ab', 'cd', 'efg', 'longer than all']) queue.push(text, (item) => gone.push(item));
  t.same([...queue], ['longer than all']);
  t.same(gone, ['ab', 'cd', 'efg']);
});

void t.test('it holds the newest that fit, for all sequences and bounds', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9), { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(60),
      (weights, items, weight) => {
        const queue = new Bounded<number>({ items, weight }, (n) => n);
        for (const n of weights) queue.push(n);
        const kept = [...queue];
        const sum = kept.reduce((a, b) => a + b, 0);
        const isNewest = kept.every((n, i) => n === weights[weights.length - kept.length + i]);
        return (
          isNewest &&
          kept.length <= items &&
          (sum <= weight || kept.length === 1) &&
          queue.next === weights.length
        );
      },
    ),
  );
});

void t.test('a million items through a queue of ten leave ten', async (t) => {
  const queue = new Bounded<number>({ items: 10, weight: 1e9 }, () => 1);
  for (let i = 0; i < 1_000_000; i++) queue.push(i);
  t.equal(queue.length, 10);
  t.equal(queue.get(999_999), 999_999);
  t.equal(queue.get(999_989), undefined);
});

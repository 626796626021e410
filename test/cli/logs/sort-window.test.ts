import * as fc from 'fast-check';
import t from 'tap';
import { SortWindow } from '../../../cli/logs/sort-window.js';

void t.test('Within the window the order is that of the times; of one time that of arrival.', (t) => {
  const window = new SortWindow<string>({ window: 100 });
  window.push('b', { time: 20, size: 1, now: 0 });
  window.push('a', { time: 10, size: 1, now: 50 });
  window.push('b2', { time: 20, size: 1, now: 60 });
  window.push('c', { time: 30, size: 1, now: 90 });
  t.strictSame(window.release(99), []);
  t.equal(window.due, 100);
  t.strictSame(window.release(100), [{ item: 'a' }, { item: 'b' }], 'what happened before goes with it');
  t.equal(window.due, 160);
  t.strictSame(window.release(500), [{ item: 'b2' }, { item: 'c' }]);
  t.equal(window.due, undefined);
  t.end();
});

void t.test('What comes too late is let out all the same, and says by how much.', (t) => {
  const window = new SortWindow<string>({ window: 100 });
  window.push('later', { time: 1000, size: 1, now: 0 });
  window.release(100);
  window.push('late', { time: 770, size: 1, now: 110 });
  t.strictSame(window.release(210), [{ item: 'late', late: 230 }]);
  t.end();
});

void t.test('It holds no more than it may, in items and in size.', (t) => {
  const few = new SortWindow<number>({ window: 1e9, maxItems: 10 });
  const small = new SortWindow<number>({ window: 1e9, maxSize: 10 });
  let out = 0;
  for (let i = 0; i < 100; i++) {
    few.push(i, { time: -i, size: 1, now: 0 });
    small.push(i, { time: i, size: 4, now: 0 });
    out += few.release(0).length;
    small.release(0);
    t.ok(few.length <= 10);
    t.ok(small.length <= 2);
  }
  t.equal(out + few.length, 100);
  t.end();
});

void t.test('Nothing is dropped or repeated, and whatever is out of its order says so.', (t) => {
  const arrival = fc.record({ time: fc.nat(300), after: fc.nat(60), size: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(arrival), fc.nat(100), (arrivals, width) => {
      const window = new SortWindow<number>({ window: width, maxItems: 20, maxSize: 200 });
      const out: { item: number; late?: number }[] = [];
      let now = 0;
      for (const [item, { time, after, size }] of arrivals.entries()) {
        now += after;
        window.push(item, { time, size, now });
        out.push(...window.release(now));
      }
      out.push(...window.release(Number.POSITIVE_INFINITY));
      let latest = Number.NEGATIVE_INFINITY;
      for (const { item, late } of out) {
        const { time } = arrivals[item] as { time: number };
        if (late !== undefined ? latest - time !== late : time < latest) return false;
        latest = Math.max(latest, time);
      }
      return new Set(out.map(({ item }) => item)).size === arrivals.length && out.length === arrivals.length;
    }),
  );
  t.end();
});

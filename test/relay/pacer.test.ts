import t from 'tap';
import { Pacer, type Flushable } from '../../relay/pacer.js';
import { until } from '../support/relay.js';

/** Something to write to that keeps a diary. */
class Target implements Flushable {
  readonly flushes: number[] = [];
  enforced = 0;
  readonly #cost: number;
  readonly #over: boolean;

  constructor(cost = 0, over = false) {
    this.#cost = cost;
    this.#over = over;
  }

  flush(): boolean {
    const start = performance.now();
    this.flushes.push(start);
    while (performance.now() - start < this.#cost);
    return this.#over;
  }

  enforce(): void {
    this.enforced += 1;
  }
}

function setUp(t: { teardown(fn: () => unknown): void }, maxCoalesce = 50) {
  const pacer = new Pacer(maxCoalesce);
  t.teardown(() => pacer.close());
  return pacer;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

void t.test(
  'idle, what is marked is written in the same turn, once however often it is marked',
  async (t) => {
    const pacer = setUp(t);
    const [a, b, c] = [new Target(), new Target(), new Target()];
    pacer.mark(a);
    pacer.mark(b);
    pacer.mark(a);
    t.equal(a.flushes.length, 0, 'not while the message is taken in');
    await turn();
    t.strictSame(
      [a, b, c].map(({ flushes }) => flushes.length),
      [1, 1, 0],
    );
    await turn();
    t.equal(a.flushes.length, 1, 'and not again');
  },
);

void t.test('after a costly write there is a pause in proportion, in which marks are gathered', async (t) => {
  const pacer = setUp(t);
  const target = new Target(10);
  pacer.mark(target);
  await turn();
  const marks = setInterval(() => pacer.mark(target), 1);
  await until(() => target.flushes.length === 4, 'three more writes');
  clearInterval(marks);
  const [first = 0, second = 0, third = 0, fourth = 0] = target.flushes;
  for (const apart of [second - first, third - second, fourth - third]) {
    t.ok(apart >= 10 + 3 * 10 - 2, `${apart} ms apart: 10 of writing, 30 of pause`);
  }
});

void t.test('the pause has a limit', async (t) => {
  const pacer = setUp(t, 5);
  const target = new Target(100);
  pacer.mark(target);
  await turn();
  pacer.mark(target);
  await until(() => target.flushes.length === 2, 'the next write');
  const [first = 0, second = 0] = target.flushes;
  t.ok(second - first < 100 + 3 * 100, `${second - first} ms apart, of which 100 are writing`);
});

void t.test(
  'who is over the mark has a turn to take what was written before the mark is enforced',
  async (t) => {
    const pacer = setUp(t);
    const [over, well] = [new Target(0, true), new Target()];
    pacer.mark(over);
    pacer.mark(well);
    await turn();
    t.equal(over.enforced, 0);
    await turn();
    t.strictSame([over.enforced, well.enforced], [1, 0]);
  },
);

void t.test('what is forgotten is written no more, and neither is anything after closing', async (t) => {
  const pacer = setUp(t);
  const [a, b] = [new Target(), new Target()];
  pacer.mark(a);
  pacer.mark(b);
  pacer.forget(a);
  await turn();
  t.strictSame([a.flushes.length, b.flushes.length], [0, 1]);
  pacer.mark(b);
  pacer.close();
  await turn();
  t.equal(b.flushes.length, 1);
});

import t from 'tap';
import { RateLimit } from '../../consolidator/rate-limit.js';

void t.test('a topic may send its rate, and what it saved up in a second', async (t) => {
  const limit = new RateLimit(10_000);
  const sent = (from: number, to: number) => {
    let sum = 0;
    for (let now = from; now < to; now += 1) if (limit.admit('a', 2_000, now)) sum += 2_000;
    return sum;
  };
  t.equal(sent(0, 1), 2_000);
  const first = sent(1, 1_000);
  t.ok(first >= 16_000 && first <= 20_000, `${first} in the first second, with the burst`);
  const later = sent(1_000, 11_000);
  t.ok(Math.abs(later - 100_000) <= 2_000, `${later} in ten seconds`);
  t.ok(limit.admit('b', 2_000, 11_000), 'another topic has its own');
});

void t.test(
  'a small message costs as much as a kilobyte, and a large one passes where there is room',
  async (t) => {
    const limit = new RateLimit(10_240);
    let passed = 0;
    while (limit.admit('a', 1, 0)) passed += 1;
    t.equal(passed, 10);
    t.ok(limit.admit('b', 1_000_000, 0));
    t.notOk(limit.admit('b', 1, 1_000));
  },
);

void t.test('no limit is no limit, and costs no memory', async (t) => {
  const limit = new RateLimit(0);
  for (let i = 0; i < 1_000; i += 1) t.ok(limit.admit('a', 1e9, 0));
  t.equal(limit.size, 0);
});

void t.test('a topic that rests is forgotten', async (t) => {
  const limit = new RateLimit(10_240);
  limit.admit('a', 10_240, 0);
  limit.sweep(999);
  t.equal(limit.size, 1);
  limit.sweep(1_000);
  t.equal(limit.size, 0);
});

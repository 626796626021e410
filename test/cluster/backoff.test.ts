import t from 'tap';
import { Backoff, pause } from '../../cluster/backoff.js';

void t.test('each wait is twice the last, up to a bound, and spread by a quarter', async (t) => {
  const backoff = new Backoff(100, 1_000);
  t.strictSame(
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5].map((random) => backoff.next(random)),
    [100, 200, 400, 800, 1_000, 1_000],
  );
  t.equal(backoff.next(0), 750);
  t.ok(backoff.next(0.999_999) < 1_250);
  backoff.reset();
  t.equal(backoff.next(0.5), 100);
});

void t.test('a pause ends at once when it is called off', async (t) => {
  const controller = new AbortController();
  const start = performance.now();
  const paused = pause(60_000, controller.signal);
  controller.abort();
  await paused;
  await pause(60_000, controller.signal);
  t.ok(performance.now() - start < 1_000);
});

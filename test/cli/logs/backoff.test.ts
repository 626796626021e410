import t from 'tap';
import { Backoff } from '../../../cli/logs/backoff.js';

void t.test('The ceiling doubles up to the cap, and the wait is anywhere below it.', (t) => {
  const highest = new Backoff({ base: 100, cap: 1000, random: () => 1 });
  t.strictSame(
    [1, 2, 3, 4, 5, 6].map(() => highest.next()),
    [100, 200, 400, 800, 1000, 1000],
  );
  t.equal(new Backoff({ base: 100, random: () => 0 }).next(), 0);
  t.equal(new Backoff({ base: 100, random: () => 0.5 }).next(), 50);
  const patient = new Backoff({ random: () => 1 });
  for (let i = 0; i < 5000; i++) patient.next();
  t.equal(patient.next(), 15_000, 'powers beyond all numbers are the cap');
  t.end();
});

void t.test('A word from the server starts it anew.', (t) => {
  const backoff = new Backoff({ base: 100, random: () => 1 });
  backoff.next();
  backoff.next();
  t.equal(backoff.failures, 2);
  backoff.succeeded();
  t.equal(backoff.failures, 0);
  t.equal(backoff.next(), 100);
  t.end();
});

void t.test('The server names the next wait and only that.', (t) => {
  const backoff = new Backoff({ base: 100, random: () => 1 });
  backoff.ask(1234);
  t.equal(backoff.next(), 1234);
  t.equal(backoff.next(), 200);
  backoff.ask(1e12);
  t.equal(backoff.next(), 300_000, 'no server sends a reader away for ever');
  t.end();
});

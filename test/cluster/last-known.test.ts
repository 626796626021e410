import t from 'tap';
import type { ConsolidatorEntry } from '../../cluster/index.js';
import { LastKnown } from '../../cluster/last-known.js';
import { Told } from './twin.js';

const entry = (id: string): ConsolidatorEntry => ({ id, subscribe: `tcp://10.0.0.1:${id}`, version: 1 });
const [ONE, TWO] = [entry('1'), entry('2')];

interface Test {
  teardown(handler: () => unknown): void;
}

function remember(t: Test, grace: number) {
  const told = new Told();
  const last = new LastKnown(grace, told.onChange);
  t.teardown(() => last.close());
  return { told, last };
}

void t.test('what has gone is dropped after the grace and not before', async (t) => {
  const { told, last } = remember(t, 200);
  last.replace([ONE, TWO]);
  const start = performance.now();
  last.delete('1');
  last.delete('unknown');
  t.equal(told.entries.length, 2);
  await told.untilKnown(TWO.subscribe);
  t.ok(performance.now() - start >= 198);
  last.replace([]);
  t.strictSame(told.endpoints, [TWO.subscribe]);
  await told.untilKnown();
});

void t.test('each has a grace of its own, and one that is back has none', async (t) => {
  const { told, last } = remember(t, 100);
  last.replace([ONE, TWO]);
  last.replace([]);
  last.put(ONE);
  await told.untilKnown(ONE.subscribe);
  last.replace([ONE]);
  t.strictSame(told.endpoints, [ONE.subscribe]);
});

void t.test('what comes back changed is what it is now', async (t) => {
  const { told, last } = remember(t, 60_000);
  last.replace([ONE]);
  last.delete('1');
  last.put({ ...ONE, subscribe: TWO.subscribe });
  t.strictSame(told.endpoints, [TWO.subscribe]);
});

void t.test('the newest is told first, and who is there before who has gone', async (t) => {
  const { told, last } = remember(t, 60_000);
  const ids = () => told.entries.map(({ id }) => id);
  last.replace([entry('9'), entry('2')]);
  t.strictSame(ids(), ['2', '9']);
  last.put(ONE);
  t.strictSame(ids(), ['1', '2', '9']);
  last.delete('2');
  last.delete('1');
  t.strictSame(ids(), ['9', '1', '2']);
  last.put(entry('5'));
  t.strictSame(ids(), ['5', '9', '1', '2']);
});

void t.test('while nobody answers nothing is dropped, and then a full grace begins', async (t) => {
  const { told, last } = remember(t, 50);
  last.replace([ONE, TWO]);
  last.delete('1');
  last.pause();
  await new Promise((resolve) => setTimeout(resolve, 150));
  t.equal(told.entries.length, 2);
  const start = performance.now();
  last.replace([TWO]);
  t.equal(told.entries.length, 2);
  await told.untilKnown(TWO.subscribe);
  t.ok(performance.now() - start >= 48);
});

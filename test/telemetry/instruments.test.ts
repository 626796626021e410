import t from 'tap';
import { INSTRUMENTS, WRITE_LATENCY } from '../../telemetry/index.js';

const all = [...Object.values(INSTRUMENTS), { ...WRITE_LATENCY, kind: 'histogram' }];

void t.test('every instrument has a name of its own, a unit and a description', async (t) => {
  t.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { name, unit, description } of all) {
    t.match(name, /^(?:spillway|process|nodejs)(?:\.[a-z][a-z0-9_]*)+$/, name);
    t.match(unit, /^(?:s|By|1|\{[a-z]+\})$/, `${name} in ${unit}`);
    t.match(description, /^[A-Z].*[^.]$/, description);
  }
});

void t.test('names differ in Prometheus too, where dots become underscores', async (t) => {
  t.equal(new Set(all.map(({ name }) => name.replaceAll('.', '_'))).size, all.length);
});

void t.test('the bounds of the histogram rise', async (t) => {
  const { boundaries } = WRITE_LATENCY;
  t.strictSame(
    [...boundaries],
    [...new Set(boundaries)].toSorted((a, b) => a - b),
  );
});

import fc from 'fast-check';
import t from 'tap';
import { BatchBuilder } from '../../sidecar/batch.js';

function collect(maxBytes: number) {
  const bodies: string[] = [];
  const counts: number[] = [];
  const builder = new BatchBuilder(maxBytes, (body, count) => {
    bodies.push(body.toString());
    counts.push(count);
  });
  return { builder, bodies, counts };
}

void t.test('what one read delivered is one body', async (t) => {
  const { builder, bodies, counts } = collect(100);
  builder.add('{"a":1}\n');
  builder.add('{"b":2}\n');
  t.strictSame(bodies, [], 'nothing before the end of the read');
  builder.flush();
  t.strictSame(bodies, ['{"a":1}\n{"b":2}\n']);
  t.strictSame(counts, [2]);
});

void t.test('a flush of nothing emits nothing', async (t) => {
  const { builder, bodies } = collect(100);
  builder.flush();
  builder.add('{}\n');
  builder.flush();
  builder.flush();
  t.equal(bodies.length, 1);
});

void t.test(
  'a body that reaches its size exactly is one, and one character more begins another',
  async (t) => {
    const { builder, bodies } = collect(6);
    for (const record of ['{}\n', '{}\n', '{}\n']) builder.add(record);
    builder.flush();
    t.strictSame(bodies, ['{}\n{}\n', '{}\n']);
  },
);

void t.test('a record longer than a body travels alone', async (t) => {
  const long = `{"msg":"${'x'.repeat(100)}"}\n`;
  const { builder, counts, bodies } = collect(50);
  for (const record of ['{}\n', long, '{}\n']) builder.add(record);
  builder.flush();
  t.strictSame(counts, [1, 1, 1]);
  t.strictSame(bodies, ['{}\n', long, '{}\n']);
});

void t.test(
  'whatever the records, they come out whole, in order, counted, and in bodies of a bounded size',
  async () => {
    const record = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .map((msg) => JSON.stringify({ msg }) + '\n');
    fc.assert(
      fc.property(fc.array(record), fc.integer({ min: 1, max: 120 }), (records, maxBytes) => {
        const { builder, bodies, counts } = collect(maxBytes);
        for (const record of records) builder.add(record);
        builder.flush();
        return (
          bodies.join('') === records.join('') &&
          bodies.every((body, i) => body.split('\n').length - 1 === counts[i]) &&
          bodies.every((body, i) => counts[i] === 1 || body.length <= maxBytes)
        );
      }),
    );
  },
);

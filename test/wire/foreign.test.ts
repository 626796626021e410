import * as fc from 'fast-check';
import t from 'tap';
import { adoptBody } from '../../wire/foreign.js';
import { countRecords } from '../../wire/index.js';
import { readVectors } from './vectors.js';

interface AdoptionVectors {
  defaults: { name: string; hostname: string; time: string };
  adoption: {
    name: string;
    body: string;
    maxBodyBytes?: number;
    adopted: { count: number; body: string };
  }[];
}

const { defaults, adoption } = readVectors('messages') as AdoptionVectors;

void t.test('every vector is adopted as it says', async (t) => {
  for (const { name, body, maxBodyBytes, adopted } of adoption) {
    const result = adoptBody(Buffer.from(body, 'base64'), defaults, maxBodyBytes);
    t.equal(result.body.toString(), Buffer.from(adopted.body, 'base64').toString(), name);
    t.equal(result.count, adopted.count, `${name}: count`);
  }
});

void t.test('threat: a mebibyte of newlines does not become a hundred', async (t) => {
  const { body, count } = adoptBody(Buffer.alloc(1024 * 1024, '\n'), defaults);
  t.equal(body.length, 0);
  t.equal(count, 0);
});

void t.test('whatever the bytes, every line of what is adopted is a JSON object and is counted', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
    fc
      .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
      .map((o) => Buffer.from(JSON.stringify(o))),
  );
  const body = fc
    .array(line, { minLength: 1, maxLength: 6 })
    .map((lines) => Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
  fc.assert(
    fc.property(body, (foreign) => {
      const { body, count } = adoptBody(foreign, defaults);
      const records = body.toString().split('\n').slice(0, -1);
      return (
        count === countRecords(foreign) &&
        count === records.length &&
        records.every((record) => {
          const value: unknown = JSON.parse(record);
          return typeof value === 'object' && value !== null && !Array.isArray(value);
        })
      );
    }),
    { numRuns: 500 },
  );
});

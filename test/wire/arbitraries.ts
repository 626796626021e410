import * as fc from 'fast-check';
import { MAX_NUMBER, type Beginning, type Ledger, type Origin } from '../../wire/index.js';

/** A number as a ledger may hold it: mostly small, so that ledgers meet, sometimes at the edge. */
export const count = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: MAX_NUMBER }) },
  { weight: 1, arbitrary: fc.constantFrom(0, MAX_NUMBER - 1, MAX_NUMBER) },
);

export const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

function beginningFor([number, lost, offset]: [number, number, number], first: number): Beginning {
  const from = Math.min(number, first);
  return [from, Math.min(lost, from), offset];
}

function originFor([number, lost, at, node]: [number, number, number, string], first: number): Origin {
  const from = Math.min(number, first);
  return [from, Math.min(lost, from), at, node];
}

/** Any ledger that the grammar allows; the numbers need not make sense together. */
export const ledger: fc.Arbitrary<Ledger> = fc
  .record(
    {
      v: fc.constant(1 as const),
      src: id,
      first: count,
      count,
      lost: count,
      at: fc.double({ min: 0, max: MAX_NUMBER, noNaN: true }).map((at) => at + 0),
      fin: fc.constant(true as const),
      beat: count,
      node: fc.oneof(fc.constantFrom('A', 'B'), id),
      offset: count,
      transit: count,
      begin: fc.tuple(count, count, count),
      origin: fc.tuple(count, count, fc.nat(), id),
      up: fc.nat(),
    },
    { requiredKeys: ['v', 'src', 'first', 'count', 'lost', 'at'], noNullPrototype: true },
  )
  .map((ledger) => {
    const lost = Math.min(ledger.lost, ledger.first);
    const { transit, begin, origin, ...rest } = ledger;
    return {
      ...rest,
      lost,
      ...(transit !== undefined && { transit: Math.min(transit, lost) }),
      ...(begin !== undefined && { begin: beginningFor(begin, ledger.first) }),
      ...(origin !== undefined && { origin: originFor(origin, ledger.first) }),
    };
  });

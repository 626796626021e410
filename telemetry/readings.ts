import type { Attributes } from '@opentelemetry/api';
import { INSTRUMENTS, type InstrumentKey, type InstrumentSpec } from './instruments.js';

export interface Reading {
  readonly key: InstrumentKey;
  readonly attributes: Attributes;
  value: number;
}

/** What was read of several parts of one process, added up: of gauges the highest, of everything else the sum. */
export class Readings implements Iterable<Reading> {
  readonly #readings = new Map<string, Reading>();

  /** @param attributes words of a fixed few, written in the same order each time */
  add(key: InstrumentKey, value: number, attributes: Attributes = {}): void {
    const id = `${key} ${Object.values(attributes).join(' ')}`;
    const known = this.#readings.get(id);
    if (known === undefined) this.#readings.set(id, { key, value, attributes });
    else known.value = kindOf(key) === 'gauge' ? Math.max(known.value, value) : known.value + value;
  }

  addAll(others: Readings): void {
    for (const { key, value, attributes } of others) this.add(key, value, attributes);
  }

  /** Adds the counters of a part that has ended, so that no total ever goes back. */
  addCounters(others: Readings): void {
    for (const { key, value, attributes } of others) {
      if (kindOf(key) === 'counter') this.add(key, value, attributes);
    }
  }

  [Symbol.iterator](): Iterator<Reading> {
    return this.#readings.values();
  }
}

function kindOf(key: InstrumentKey): InstrumentSpec['kind'] {
  return INSTRUMENTS[key].kind;
}

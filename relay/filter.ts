import { leafOf } from '../wire/index.js';
import { utf8Of, type RecordBatch } from './record-batch.js';

/** What a consumer wants of its stream; absent parts let everything through. */
export interface FilterSpec {
  /** The lowest level wanted, a number. */
  readonly level?: number;
  /** Text that must stand in `msg`, or in another string of the record at any depth; case does not matter. */
  readonly q?: string;
  /** Containers (or components) wanted. */
  readonly containers?: readonly string[];
}

/** A filter in use. Consumers whose filters have the same key share one view of their hub. */
export interface Filter {
  readonly key: string;
  /** Whether any record of the batch can match, by its topic alone. */
  wants(batch: RecordBatch): boolean;
  /** Whether there are topics of which it wants nothing. */
  readonly narrows: boolean;
  /** Whether line `i` matches; undefined where every line does, so that nothing need be parsed. */
  readonly matches: ((batch: RecordBatch, i: number) => boolean) | undefined;
}

export function createFilter(spec: FilterSpec): Filter {
  const containers = spec.containers === undefined ? undefined : new Set(spec.containers);
  const { level } = spec;
  const q = spec.q?.toLowerCase();
  const key = JSON.stringify([level ?? null, q ?? null, containers ? [...containers].toSorted() : null]);
  return {
    key,
    narrows: containers !== undefined,
    wants: (batch) => containers === undefined || containers.has(leafOf(batch.topic)),
    matches:
      level === undefined && q === undefined
        ? undefined
        : (batch, i) => {
            const record = batch.record(i);
            if (record === undefined) return q === undefined || lineHolds(batch, i, q);
            if (level !== undefined && !(record.level >= level)) return false;
            return q === undefined || holds(record, q);
          },
  };
}

/** Not by recursion, nor by printing the record: a line of 100,000 brackets is a record too. */
function holds(record: object, q: string): boolean {
  const open: object[] = [record];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    for (const value of Object.values(part) as unknown[]) {
      if (typeof value === 'string') {
        if (value.toLowerCase().includes(q)) return true;
      } else if (typeof value === 'object' && value !== null) {
        open.push(value);
      }
    }
  }
  return false;
}

function lineHolds(batch: RecordBatch, i: number, q: string): boolean {
  return utf8Of(batch.lines[i] as string)
    .toLowerCase()
    .includes(q);
}

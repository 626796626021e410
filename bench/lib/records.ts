import { formatStamp, STAMP_LENGTH } from './clock.js';

/** A body of `count` equal records, made once: a generator must cost next to nothing beside what it loads. */
export interface PreparedBody {
  readonly body: Buffer;
  readonly count: number;
  /** Writes the moment of publishing into each of its records, µs of the machine's clock. */
  stamp(micros: number): void;
}

/**
 * Bunyan records of exactly `bytes` bytes each, without the newline.
 *
 * @throws {RangeError} where a record of so few bytes cannot be made
 */
export function prepareBody(count: number, bytes: number): PreparedBody {
  const head = `{"name":"web-1","hostname":"vm-1","pid":4242,"level":30,"time":"2026-01-01T00:00:00.000Z","v":0,"msg":"`;
  const padding = bytes - head.length - STAMP_LENGTH - '"}'.length;
  if (padding < 0) throw new RangeError(`a record has at least ${bytes - padding} bytes`);
  const record = `${head}${formatStamp(0)}${'x'.repeat(padding)}"}\n`;
  const body = Buffer.from(record.repeat(count), 'latin1');
  return {
    body,
    count,
    stamp(micros) {
      const text = formatStamp(micros);
      for (let at = head.length; at < body.length; at += record.length) body.write(text, at, 'latin1');
    },
  };
}

import * as fc from 'fast-check';
import t from 'tap';
import { parseBytes, parseDuration } from '../../cli/values.js';

void t.test('A size is a number with a unit, in powers of 2 or 10 as the unit says.', (t) => {
  const table: readonly [string, number | undefined][] = [
    ['0', 0],
    ['16777216', 16_777_216],
    ['64MiB', 67_108_864],
    ['64mib', 67_108_864],
    ['10MB', 10_000_000],
    ['1.5KiB', 1536],
    ['2 GiB', 2_147_483_648],
    ['7B', 7],
    ['64M', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['MiB', undefined],
    ['', undefined],
    ['64none', undefined],
    ['64constructor', undefined],
  ];
  for (const [word, bytes] of table) t.equal(parseBytes(word), bytes, word);
  t.end();
});

void t.test('A time is one or more numbers with units, and a bare number is milliseconds.', (t) => {
  const table: readonly [string, number | undefined][] = [
    ['0', 0],
    ['250', 250],
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['2 s', undefined],
    ['s', undefined],
    ['-2s', undefined],
    ['2sec', undefined],
    ['', undefined],
  ];
  for (const [word, ms] of table) t.equal(parseDuration(word), ms, word);
  t.end();
});

void t.test('Any time that is written out is read back.', (t) => {
  fc.assert(
    fc.property(fc.nat(99), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
      return parseDuration(`${h}h${m}m${s}s${ms}ms`) === ((h * 60 + m) * 60 + s) * 1000 + ms;
    }),
  );
  t.end();
});

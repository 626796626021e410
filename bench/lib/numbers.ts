import { BenchError } from './errors.js';

/** A list option's words as numbers. @throws {BenchError} `machine` where one is none */
export function numbersOf(option: string, words: readonly string[]): number[] {
  const numbers = words.map(Number);
  if (numbers.length > 0 && numbers.every((value) => Number.isInteger(value) && value > 0)) return numbers;
  const said = words.join(',');
  throw new BenchError(
    'machine',
    `--${option} takes whole numbers above 0, with commas between, not ${said}.`,
  );
}

import { readFileSync } from 'node:fs';

/** One file of wire/vectors; its reader says what shape it has. */
export function readVectors(name: string): unknown {
  const file = new URL(`../../wire/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The bytes of a case that has either text, in UTF-8, or base64. */
export function bytesOf(vector: { text?: string; base64?: string }): Buffer {
  return vector.text === undefined
    ? Buffer.from(vector.base64 as string, 'base64')
    : Buffer.from(vector.text, 'utf8');
}

import { isSegment } from '../../wire/topic.js';

const MAX_SEGMENT = 128;

/**
 * A name as one segment of a topic: what the grammar has no place for becomes `-`, and what is too long keeps its
 * beginning and ends in a hash of the whole, so that names that differ still do.
 */
export function toSegment(name: string): string {
  const shaped = name.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  if (shaped.length > MAX_SEGMENT) return `${shaped.slice(0, MAX_SEGMENT - 9)}-${hash(name)}`;
  return isSegment(shaped) ? shaped : `-${shaped}-`;
}

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}

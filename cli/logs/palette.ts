/**
 * Colours for names, of the 256 that terminals share: each has a contrast of at least 3.5 to black and to white, so it can
 * be read on a dark screen and on a light one; neighbours in the list are far apart.
 *
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum, which asks 3 of large text
 */
export const PALETTE = [32, 161, 28, 133, 130, 30, 99, 166, 64, 165, 67, 94, 26, 100, 198, 62] as const;

/** The escape codes for a name, the same in each run and on each machine. */
export function colorOf(name: string): readonly [on: string, off: string] {
  const color = PALETTE[hash(name) % PALETTE.length] as number;
  return [`\u001b[38;5;${color}m`, '\u001b[39m'];
}

/** FNV-1a, 32 bits. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  // The low bits of FNV are its weak ones.
  return (sum ^ (sum >>> 15)) >>> 0;
}

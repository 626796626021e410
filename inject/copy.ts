/**
 * A program of its own, for the init container that brings the program into somebody else's: copies the folder it is
 * in, node included, to where its first argument says. `cp` is not in the image.
 */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [to] = process.argv.slice(2);
if (to === undefined) {
  console.error('say where to copy to: node copy.js <folder>');
  process.exit(2);
}
cpSync(fileURLToPath(new URL('../..', import.meta.url)), to, { recursive: true, verbatimSymlinks: true });

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import {
  cursorEntry,
  formatCursor,
  formatOwed,
  MAX_NUMBER,
  parseCursor,
  parseOwed,
} from '../../wire/index.js';
import { MAX_CURSOR_CHARS, MAX_CURSOR_NODES } from '../../wire/cursor.js';
import { id } from './arbitraries.js';
import { readVectors } from './vectors.js';

interface CursorVectors {
  cases: { name: string; text: string; entries: [string, number][] | null; owed?: number[] }[];
}

void t.test('every vector is read or refused as it says', async (t) => {
  for (const { name, text, entries, owed } of (readVectors('cursors') as CursorVectors).cases) {
    const cursor = parseCursor(text);
    t.strictSame(cursor === undefined ? null : [...cursor], entries, name);
    t.strictSame(parseOwed(text), owed, name);
  }
});

const cursor = fc
  .uniqueArray(fc.tuple(id, fc.integer({ min: 0, max: MAX_NUMBER })), {
    minLength: 1,
    maxLength: 20,
    selector: ([node]) => node,
  })
  .map((entries) => new Map(entries));

const NOTHING = [0, 0, 0, 0] as const;
const number = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: MAX_NUMBER }));
const owed = fc.tuple(number, number, number, number);

void t.test(
  'a cursor that is written is read back, and needs no escaping in a header or a query',
  async () => {
    fc.assert(
      fc.property(cursor, owed, (cursor, owed) => {
        const text = `1${formatOwed(owed)}${formatCursor(cursor).slice(1)}`;
        const back = parseCursor(text);
        return (
          /^[A-Za-z0-9~._!-]+$/.test(text) &&
          JSON.stringify(parseOwed(text) ?? NOTHING) === JSON.stringify(owed) &&
          encodeURIComponent(text) === text &&
          back !== undefined &&
          JSON.stringify([...back]) === JSON.stringify([...cursor])
        );
      }),
    );
  },
);

void t.test('an entry is put together from its parts as a whole cursor is', async (t) => {
  t.equal(`1${cursorEntry('n')}${(1234).toString(36)}`, formatCursor(new Map([['n', 1234]])));
});

void t.test(
  'as many consolidators as a cursor may name fit its length, with ids of the usual eight',
  async (t) => {
    const nodes = Array.from({ length: MAX_CURSOR_NODES }, (_, i): [string, number] => [
      `node${i.toString().padStart(4, '0')}`,
      MAX_NUMBER,
    ]);
    const text = formatCursor(new Map(nodes));
    t.ok(text.length <= MAX_CURSOR_CHARS, `${text.length} characters`);
    t.equal(parseCursor(text)?.size, MAX_CURSOR_NODES);
  },
);

void t.test('threat: text without end is refused before it is split', async (t) => {
  t.equal(parseCursor(`1~${'0'.repeat(MAX_CURSOR_CHARS)}`), undefined);
  // Entries that are valid and few, in a text that is one character too long.
  const entries = Array.from({ length: 456 }, (_, i) => `~${String(i).padStart(64, 'n')}.000001`).join('');
  t.ok(entries.length > MAX_CURSOR_CHARS, 'it is longer than the limit');
  t.equal(parseCursor(`1${entries}`), undefined);
});

void t.test('no text makes the parser throw', async () => {
  const part = fc.constantFrom('1', '~', '.', 'a', 'zz', '-', '\0', '\n', '1e9', 'é');
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 12 }).map((p) => p.join('')),
  );
  fc.assert(
    fc.property(text, (text) => {
      const cursor = parseCursor(text);
      if (cursor === undefined) return;
      for (const offset of cursor.values()) assert.ok(offset >= 0 && offset <= MAX_NUMBER);
      assert.deepEqual(parseCursor(formatCursor(cursor)), cursor);
    }),
    { numRuns: 1_000 },
  );
});

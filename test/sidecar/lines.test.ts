import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { LineSplitter, type LineMark } from '../../sidecar/lines.js';
import { NASTY } from './nasty.js';

interface Emitted {
  line: string;
  mark: LineMark | undefined;
}

const MAX_LINE = 64;

function collector(): { lines: Emitted[]; emit: (line: string, mark?: LineMark) => void } {
  const lines: Emitted[] = [];
  return { lines, emit: (line, mark) => void lines.push({ line, mark }) };
}

function split(chunks: readonly Buffer[], maxLine = MAX_LINE): Emitted[] {
  const splitter = new LineSplitter({ maxLine });
  const { lines, emit } = collector();
  for (const chunk of chunks) {
    // The splitter may keep no view of a chunk: a reader uses its buffer again.
    const buffer = Buffer.from(chunk);
    splitter.push(buffer, emit);
    buffer.fill(0x21);
  }
  splitter.end(emit);
  return lines;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

const texts = (chunks: readonly string[], maxLine = MAX_LINE): string[] => {
  return split(
    chunks.map((chunk) => Buffer.from(chunk)),
    maxLine,
  ).map(({ line }) => line);
};

const output = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...NASTY) }, fc.uint8Array({ maxLength: 80 })),
      fc.constantFrom('\n', '\r\n', '\r', '\n\n', ''),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(([line, end]) => [line, Buffer.from(end)])));

void t.test('any cut of any output into chunks gives the same lines', async (t) => {
  fc.assert(
    fc.property(output, fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }), (bytes, places) => {
      assert.deepEqual(split(cut(bytes, places)), split([bytes]));
    }),
    { numRuns: 1000 },
  );
  t.pass('1,000 outputs');
});

void t.test('one byte at a time gives the same lines', async (t) => {
  const bytes = Buffer.concat(NASTY.flatMap((line) => [line, Buffer.from('\r\n'), line, Buffer.from('\n')]));
  const single = Array.from(bytes, (byte) => Buffer.from([byte]));
  t.strictSame(split(single), split([bytes]));
  t.equal(split([bytes]).length, NASTY.length * 2);
});

void t.test('the lines are what splitting the decoded output by hand gives', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 })), (lines) => {
      const clean = lines.map((line) => line.replaceAll(/[\r\n]/g, ''));
      assert.deepEqual(texts([clean.map((line) => `${line}\n`).join('')], 4096), clean);
    }),
  );
  t.pass('100 outputs');
});

void t.test('CRLF ends a line, also over the border of two chunks, and a bare CR does not', async (t) => {
  t.strictSame(texts(['a\r\nb\r', '\nc\rd\n', '\r\n']), ['a', 'b', 'c\rd', '']);
  t.strictSame(texts(['10%\r20%\r']), ['10%\r20%\r'], 'not at the end of the output either');
});

void t.test('blank lines are lines, and an end of output after a line is none', async (t) => {
  t.strictSame(texts(['\n\na\n']), ['', '', 'a']);
  t.strictSame(texts(['a\nb']), ['a', 'b'], 'what nothing ended is emitted at the end');
  t.strictSame(texts(['']), []);
});

void t.test('a line at the limit is whole, one byte more is cut and says how long it was', async (t) => {
  const [exact, over, crlf] = split([
    Buffer.from(`${'x'.repeat(64)}\r\n${'y'.repeat(65)}\n${'z'.repeat(64)}\r\n`),
  ]);
  t.strictSame(exact, { line: 'x'.repeat(64), mark: undefined });
  t.strictSame(over, { line: 'y'.repeat(64), mark: { truncatedFrom: 65 } });
  t.strictSame(crlf, { line: 'z'.repeat(64), mark: undefined });
});

void t.test('a cut never goes through a character', async (t) => {
  for (const char of ['é', '漢', '👩']) {
    for (let pad = 0; pad < 5; pad += 1) {
      const text = 'x'.repeat(pad) + char.repeat(40);
      const [cutLine] = split([Buffer.from(`${text}\n`)]);
      t.ok(text.startsWith(cutLine?.line ?? '-'));
      t.match(cutLine?.mark, { truncatedFrom: Buffer.byteLength(text), invalid: undefined });
      t.ok(Buffer.byteLength(cutLine?.line ?? '') > MAX_LINE - 4);
    }
  }
});

void t.test('a gigabyte without an end costs no more memory than the limit', async (t) => {
  const splitter = new LineSplitter({ maxLine: 1024 });
  const { lines, emit } = collector();
  const chunk = Buffer.alloc(65_536, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 16_384; i += 1) splitter.push(chunk, emit);
  t.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
  splitter.push(Buffer.from('\nnext\n'), emit);
  t.strictSame(
    lines.map(({ line, mark }) => [line.length, mark]),
    [
      [1024, { truncatedFrom: 1024 ** 3 }],
      [4, undefined],
    ],
  );
});

void t.test('bytes that are no UTF-8 are marked, on their own line only', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from('good é\n'),
    Buffer.from([0x62, 0xff, 0x0a]),
    Buffer.from('good\n'),
  ]);
  t.strictSame(split([bytes]), [
    { line: 'good é', mark: undefined },
    { line: 'b\ufffd', mark: { invalid: true } },
    { line: 'good', mark: undefined },
  ]);
});

void t.test('skipping counts the lines that end, and none is counted twice or emitted in part', async (t) => {
  const bytes = Buffer.concat(NASTY.flatMap((line) => [line, Buffer.from('\n')]));
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 2000 }), { maxLength: 8 }),
      fc.array(fc.boolean()),
      (places, reads) => {
        const whole = split([bytes]).map(({ line }) => line);
        const splitter = new LineSplitter({ maxLine: MAX_LINE });
        const { lines, emit } = collector();
        let skipped = 0;
        cut(bytes, places).forEach((chunk, i) => {
          if (reads[i] === true) splitter.push(chunk, emit);
          else skipped += splitter.skip(chunk);
          skipped += splitter.takeSkipped();
        });
        splitter.end(emit);
        skipped += splitter.takeSkipped();
        t.equal(lines.length + skipped, NASTY.length);
        for (const { line } of lines) t.ok(whole.includes(line));
      },
    ),
  );
});

void t.test('a line that began before skipping, or while skipping, is a skipped one', async (t) => {
  const splitter = new LineSplitter();
  const { lines, emit } = collector();
  splitter.push(Buffer.from('a\nhal'), emit);
  t.equal(splitter.skip(Buffer.from('f\nb\nsecond ha')), 2);
  t.equal(splitter.skip(Buffer.from('l')), 0);
  splitter.push(Buffer.from('f\nc\n'), emit);
  t.equal(splitter.takeSkipped(), 1);
  t.equal(splitter.takeSkipped(), 0);
  t.strictSame(
    lines.map(({ line }) => line),
    ['a', 'c'],
  );
  t.equal(splitter.skip(Buffer.from('no end')), 0);
  splitter.end(emit);
  t.equal(splitter.takeSkipped(), 1, 'the last one, which nothing ended');
});

void t.test(
  'a partial line can be emitted early, and the end that follows makes no blank line',
  async (t) => {
    const splitter = new LineSplitter();
    const { lines, emit } = collector();
    splitter.push(Buffer.from('Password: '), emit);
    t.equal(splitter.partial, true);
    splitter.flushPartial(emit);
    t.equal(splitter.partial, false);
    splitter.flushPartial(emit);
    splitter.push(Buffer.from('\r\nwelcome\nha'), emit);
    splitter.flushPartial(emit);
    splitter.push(Buffer.from('lf\n'), emit);
    t.strictSame(
      lines.map(({ line }) => line),
      ['Password: ', 'welcome', 'ha', 'lf'],
    );
  },
);

void t.test('an early partial line keeps back a character that has come in part', async (t) => {
  const splitter = new LineSplitter();
  const { lines, emit } = collector();
  const bytes = Buffer.from('漢字');
  splitter.push(bytes.subarray(0, 5), emit);
  splitter.flushPartial(emit);
  splitter.push(bytes.subarray(5), emit);
  splitter.end(emit);
  t.strictSame(lines, [
    { line: '漢', mark: undefined },
    { line: '字', mark: undefined },
  ]);
});

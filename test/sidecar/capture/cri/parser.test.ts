import fc from 'fast-check';
import t from 'tap';
import { CriParser } from '../../../../sidecar/capture/cri/parser.js';
import type { StdStream } from '../../../../wire/record.js';

const NOW = 1;

/** What each output's bytes are, and the times in the order in which they came. */
function parse(chunks: readonly Buffer[]) {
  const outputs: Record<StdStream, Buffer[]> = { stdout: [], stderr: [] };
  const order: string[] = [];
  const parser = new CriParser();
  const take = (stream: StdStream, content: Buffer, at: number) => {
    outputs[stream].push(Buffer.from(content));
    const seen = `${stream} ${at}`;
    if (order.at(-1) !== seen) order.push(seen);
  };
  for (const chunk of chunks) parser.push(chunk, NOW, take);
  parser.reset(NOW, take);
  const text = (stream: StdStream) => Buffer.concat(outputs[stream]).toString('latin1');
  return { stdout: text('stdout'), stderr: text('stderr'), order, malformed: parser.malformed };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const log = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`, 'latin1');

void t.test('Partials join, each output for itself, and blank lines stay.', (t) => {
  const bytes = log(
    '2026-01-02T03:04:05.678901234Z stdout P one ',
    '2026-01-02T03:04:05.678901235Z stderr F two',
    '2026-01-02T03:04:05.679901236Z stdout F three',
    '2026-01-02T03:04:05.679901236+00:00 stdout F ',
    '2026-01-02T03:04:05.679901236Z stderr F',
    '2026-01-02T03:04:05.679901236Z stdout P:tag   spaces',
  );
  t.strictSame(parse([bytes]), {
    stdout: 'one three\n\n  spaces',
    stderr: 'two\n\n',
    order: [`stdout ${AT}`, `stderr ${AT}`, `stdout ${AT + 1}`, `stderr ${AT + 1}`, `stdout ${AT + 1}`],
    malformed: 0,
  });
  t.end();
});

void t.test('What is no CRI line is handed on whole, and counted.', (t) => {
  const strange = ['{"log":"x"}', '', 'a b c d', '2026-01-02T03:04:05Z stdin F x', 'x'.repeat(500)];
  const { stdout, malformed } = parse([log(...strange, '2026-01-02T03:04:05.678Z stdout F good')]);
  t.equal(stdout, `${strange.join('\n')}\ngood\n`);
  t.equal(malformed, strange.length);
  t.equal(parse([Buffer.from('2026-01')]).stdout, '2026-01', 'so is what a file that ended had of a header');
  t.end();
});

const stamp = fc
  .record({ ms: fc.integer({ min: 0, max: 999 }), nanos: fc.integer({ min: 0, max: 999_999 }) })
  .map(
    ({ ms, nanos }) => `2026-01-02T03:04:05.${String(ms).padStart(3, '0')}${String(nanos).padStart(6, '0')}Z`,
  );
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        stamp,
        stream: fc.constantFrom('stdout', 'stderr'),
        tag: fc.constantFrom('P', 'F'),
        content: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((b) => b !== 10))),
      })
      .map((parts) => `${parts.stamp} ${parts.stream} ${parts.tag} ${parts.content.toString('latin1')}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'no header', 'a b c d e', 'y'.repeat(120)) },
);

void t.test('Any cut into chunks gives the same output.', (t) => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 30 }), (lines, places) => {
      const bytes = log(...lines);
      const { order: _, ...whole } = parse([bytes]);
      const { order: __, ...pieces } = parse(cut(bytes, places));
      t.strictSame(pieces, whole);
      const { order: ___, ...single } = parse(Array.from(bytes, (byte) => Buffer.of(byte)));
      t.strictSame(single, whole);
    }),
  );
  t.end();
});

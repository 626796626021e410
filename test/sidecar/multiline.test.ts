import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import t from 'tap';
import { LineSplitter, type LineMark } from '../../sidecar/lines.js';
import { LineJoiner, type EmitJoined, type MultilineOptions } from '../../sidecar/multiline.js';

const TRACES = fileURLToPath(new URL('../corpus/traces', import.meta.url));
const traces = readdirSync(TRACES).map((name) => ({
  name,
  text: readFileSync(`${TRACES}/${name}`, 'utf8').trimEnd(),
}));

/** What comes out of lines that all come at the same moment. */
function join(lines: readonly string[], options: MultilineOptions = {}): string[] {
  const joiner = new LineJoiner(options);
  const out: string[] = [];
  const emit: EmitJoined = (text) => void out.push(text);
  for (const line of lines) joiner.push(line, undefined, 0, emit);
  joiner.flush(emit);
  return out;
}

void t.test(
  'what each runtime prints of an error is one record, between what stands around it',
  async (t) => {
    t.ok(traces.length >= 5);
    for (const { name, text } of traces) {
      t.strictSame(join(['before', ...text.split('\n'), 'after']), ['before', text, 'after'], name);
      t.strictSame(
        join([...text.split('\n'), '{"msg":"after"}']),
        [text, '{"msg":"after"}'],
        `${name}, then JSON`,
      );
    }
  },
);

void t.test('two errors after each other are two', async (t) => {
  for (const a of traces) {
    for (const b of traces) {
      // Nothing tells where one run of Go's goroutines ends and the next begins.
      if (a.name === b.name && a.name.startsWith('go')) continue;
      t.strictSame(
        join([...a.text.split('\n'), ...b.text.split('\n')]),
        [a.text, b.text],
        `${a.name}, ${b.name}`,
      );
    }
  }
});

void t.test('any cut into chunks joins the same lines', async (t) => {
  const bytes = Buffer.from(['start', ...traces.map(({ text }) => text), 'end', ''].join('\n'));
  const run = (cuts: readonly number[]): string[] => {
    const splitter = new LineSplitter();
    const joiner = new LineJoiner();
    const out: string[] = [];
    const emit: EmitJoined = (text) => void out.push(text);
    [0, ...cuts].forEach((from, i) => {
      splitter.push(bytes.subarray(from, cuts[i] ?? bytes.length), (line, mark) =>
        joiner.push(line, mark, 0, emit),
      );
    });
    joiner.flush(emit);
    return out;
  };
  const whole = run([]);
  const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 });
  const same = fc.property(
    places,
    (cuts) => run(cuts.toSorted((a, b) => a - b)).join('\0') === whole.join('\0'),
  );
  t.equal(fc.check(same).counterexample, null);
});

void t.test('a line that begins no trace goes out at once', async (t) => {
  const joiner = new LineJoiner();
  const out: string[] = [];
  for (const line of ['ready', '', '  indented', '\tat home', 'no errors', '{"err":"TypeError: x"}']) {
    joiner.push(line, undefined, 0, (text) => void out.push(text));
    t.equal(out.at(-1), line);
    t.equal(joiner.deadline, undefined);
  }
});

void t.test('lines that only looked like a trace come out as they came', async (t) => {
  const lines = ['TypeError: bad', 'next', '/app/x.js:3', 'source', 'no carets', 'panic: x', 'calm'];
  t.strictSame(join(lines), lines);
});

void t.test('no line is lost or comes out of its order, whatever the lines are', async (t) => {
  const lines = fc.array(
    fc.oneof(fc.constantFrom(...traces.flatMap(({ text }) => text.split('\n'))), fc.string({ maxLength: 5 })),
    { maxLength: 60 },
  );
  const kept = fc.property(
    lines,
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 300 }),
    (all, l, b) => {
      return join(all, { maxLines: l, maxBytes: b }).join('\n') === all.join('\n');
    },
  );
  t.equal(fc.check(kept, { numRuns: 500 }).counterexample, null);
});

void t.test('a record is bounded in lines and in bytes', async (t) => {
  const frames = Array.from({ length: 1000 }, (_, i) => `    at f${i} (/app/x.js:1:1)`);
  const [byLines] = join(['Error: deep', ...frames], { maxLines: 10 });
  t.equal(byLines?.split('\n').length, 10);
  const [byBytes] = join(['Error: é', ...frames], { maxBytes: 100 });
  t.ok(Buffer.byteLength(byBytes ?? '') <= 100);
});

void t.test('held lines go when their time has come, with the moment of the first', async (t) => {
  const joiner = new LineJoiner({ maxWait: 250 });
  const out: [string, number][] = [];
  const emit: EmitJoined = (text, _mark, at) => void out.push([text, at]);
  joiner.push('Error: x', undefined, 1000, emit);
  joiner.push('    at a', undefined, 1100, emit);
  t.equal(joiner.deadline, 1250);
  joiner.expire(1249, emit);
  t.strictSame(out, []);
  joiner.expire(1250, emit);
  t.strictSame(out, [['Error: x\n    at a', 1000]]);
  t.equal(joiner.deadline, undefined);
  joiner.push('Error: y', undefined, 2000, emit);
  joiner.push('    at b', undefined, 2300, emit);
  t.strictSame(
    out.slice(1),
    [
      ['Error: y', 2000],
      ['    at b', 2300],
    ],
    'a line that comes too late is its own',
  );
});

void t.test('a mark of one line is the record’s, and a cut line is joined to nothing', async (t) => {
  const joiner = new LineJoiner();
  const out: [string, LineMark | undefined][] = [];
  const emit: EmitJoined = (text, mark) => void out.push([text, mark]);
  joiner.push('Error: x', undefined, 0, emit);
  joiner.push('    at a', { invalid: true }, 0, emit);
  joiner.push('    at b', { truncatedFrom: 9 }, 0, emit);
  t.strictSame(out, [
    ['Error: x\n    at a', { invalid: true }],
    ['    at b', { truncatedFrom: 9 }],
  ]);
});

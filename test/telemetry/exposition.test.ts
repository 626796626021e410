import t from 'tap';
import { parseExposition, valueOf } from './exposition.js';

const GOOD = [
  '# HELP a_total What it counts',
  '# UNIT a_total {record}',
  '# TYPE a_total counter',
  'a_total{hop="relay",reason="a \\"b\\" \\\\ \\n"} 12',
  'a_total{hop="sidecar"} 1.5e+21',
  '# TYPE h histogram',
  'h_count 3',
  'h_sum 0.25',
  'h_bucket{le="0.1"} 2',
  'h_bucket{le="+Inf"} 3',
  '',
].join('\n');

void t.test('what is right is read', async (t) => {
  const families = parseExposition(GOOD);
  t.equal(families.get('a_total')?.help, 'What it counts');
  t.equal(valueOf(families, 'a_total', { hop: 'sidecar' }), 1.5e21);
  t.throws(() => valueOf(families, 'a_total'), 'labels are matched in full');
});

const WRONG: Record<string, [from: string, to: string]> = {
  'a missing end of line': ['3\n', '3'],
  'a sample before its type': ['# TYPE a_total counter\n', ''],
  'a second type of a family': ['# TYPE h histogram', '# TYPE a_total counter'],
  'a counter without _total': ['# TYPE h histogram', '# TYPE h counter'],
  'the same series twice': [
    'a_total{hop="sidecar"} 1.5e+21',
    'a_total{hop="sidecar"} 1\na_total{hop="sidecar"} 2',
  ],
  'a label twice': ['hop="sidecar"', 'hop="sidecar",hop="relay"'],
  'a quote that is not escaped': ['\\"b\\"', '"b"'],
  'a value that is no number': ['1.5e+21', 'many'],
  'buckets that sink': ['h_bucket{le="0.1"} 2', 'h_bucket{le="0.1"} 4'],
  'bounds that do not rise': ['le="0.1"', 'le="+Inf"'],
  'a histogram that counts more than its buckets': ['h_count 3', 'h_count 4'],
};

for (const [what, [from, to]] of Object.entries(WRONG)) {
  void t.test(`${what} is refused`, async (t) => {
    t.ok(GOOD.includes(from));
    t.throws(() => parseExposition(GOOD.replace(from, to)));
  });
}

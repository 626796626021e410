import t from 'tap';
import { parseSamples, sumOf } from '../../../cli/probe/exposition.js';

const PAGE = `# HELP a_total What it counts
# TYPE a_total counter
a_total{hop="relay",reason="a \\"b\\" \\\\ \\n,x=\\"y\\""} 12
a_total{hop="sidecar"} 1.5e+21 1700000000000
up 1
inf +Inf
nan NaN
<html>
a_total{hop="relay" 5
`;

void t.test('Samples are read, and what is none is passed over.', (t) => {
  t.strictSame(parseSamples(PAGE), [
    { name: 'a_total', labels: { hop: 'relay', reason: 'a "b" \\ \n,x="y"' }, value: 12 },
    { name: 'a_total', labels: { hop: 'sidecar' }, value: 1.5e21 },
    { name: 'up', labels: {}, value: 1 },
    { name: 'inf', labels: {}, value: Number.POSITIVE_INFINITY },
  ]);
  t.end();
});

void t.test('A sum is of the samples that have the labels, and of none there is none.', (t) => {
  const samples = parseSamples('a{x="1",y="1"} 1\na{x="1",y="2"} 2\na{x="2",y="1"} 4\n');
  t.equal(sumOf(samples, 'a'), 7);
  t.equal(sumOf(samples, 'a', { x: '1' }), 3);
  t.equal(sumOf(samples, 'a', { x: '3' }), undefined);
  t.equal(sumOf(samples, 'b'), undefined);
  t.end();
});

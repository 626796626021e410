// The page and the tables that are made of a run's JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { format } from 'prettier';
import t from 'tap';
import type { RunResult } from '../../bench/lib/results.js';
import type { Figure } from '../../bench/lib/scenario.js';
import { reportMarkdown } from '../../bench/report/markdown.js';
import { plotsOf } from '../../bench/report/plots.js';
import { writeReport } from '../../bench/report/report.js';
import { CHROMIUM } from '../support/programs.js';

const rates = [10, 1000].flatMap((rate): Figure[] =>
  ['p50', 'p99'].map((part, i) => ({
    what: `late, ${part}`,
    unit: 'ms',
    at: { rate },
    samples: [1 + i, 3 + i, 2 + i],
  })),
);
const systems = ['spillway', '<b>other</b>'].map((system, i): Figure => ({
  what: 'delivered',
  unit: 'events/s',
  at: { system },
  samples: [100 * (i + 1)],
}));
const target: Figure = { what: 'alone', unit: 'ms', samples: [7], target: { atMost: 5 } };

const RUN: RunResult = {
  v: 1,
  startedAt: '2026-01-02T03:04:05.678Z',
  machine: { cpu: 'A | B', cores: 2, memoryGiB: 4, kernel: '6', node: 'v20', load: 0.1, commit: 'abc' },
  scenarios: [
    {
      scenario: 'one',
      question: 'Why?',
      options: {},
      seconds: 1,
      outcome: {
        setup: ['</script><script>alert(1)'],
        figures: [...rates, ...systems, target],
        processes: {},
      },
    },
    { scenario: 'two', question: 'How?', options: {}, seconds: 1, failure: 'it broke' },
  ],
};

void t.test('figures of one quantity over a number are one plot with a line each', (t) => {
  const [lines, bars, ...more] = plotsOf([...rates, ...systems, target]);
  t.match(lines, { kind: 'lines', title: 'late', unit: 'ms', axis: 'rate', places: [10, 1000] });
  t.same(lines?.kind === 'lines' && lines.series.map(({ name }) => name), ['p50', 'p99']);
  t.match(lines?.kind === 'lines' && lines.series[1]?.values, [{ median: 3, low: 2, high: 4 }, {}]);
  t.match(bars, { kind: 'bars', bars: [{ name: 'spillway', median: 100 }, { name: '<b>other</b>' }] });
  t.equal(more.length, 0, 'a figure that stands alone is no plot');
  t.end();
});

void t.test('the number that takes most values is the axis, and another names the lines', (t) => {
  const figures = [1, 2, 3].flatMap((rate) =>
    [10, 20].map((hwm): Figure => ({ what: 'lost', unit: '%', at: { hwm, rate }, samples: [rate * hwm] })),
  );
  const [plot] = plotsOf(figures.slice(0, -1));
  t.match(plot, { axis: 'rate', places: [1, 2, 3], series: [{ name: 'hwm 10' }, { name: 'hwm 20' }] });
  t.equal(plot?.kind === 'lines' && plot.series[1]?.values[2], undefined, 'what was not measured is a gap');
  t.end();
});

void t.test('the tables can be pasted, and are laid out as prettier lays them out', async (t) => {
  const text = reportMarkdown(RUN);
  t.match(text, /^\| alone +\| +7 \| +\| ms +\| ≤ 5 missed \|$/m);
  t.match(text, /^\| late, p99 \(rate: 1,000\) +\| +3 \| 2 to 4 +\| ms +\| +\|$/m);
  t.match(text, 'Failed: it broke');
  t.equal(await format(text, { parser: 'markdown' }), text);
});

void t.test('the page draws its plots from a disk, light and dark, without a network', async (t) => {
  const json = join(t.testdir(), 'run.json');
  writeFileSync(json, JSON.stringify(RUN));
  const path = writeReport(json);
  t.notMatch(readFileSync(path, 'utf8'), /(?:src|href)="(?!#)|@import|url\(/, 'nothing is fetched');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ colorScheme: 'dark' });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('dialog', (dialog) => errors.push(dialog.message()));
  await page.goto(`file://${path}`);
  t.equal(await page.locator('.plot canvas').count(), 1);
  t.equal(await page.locator('.bar').count(), 2);
  t.match(await page.locator('#one .bar').last().textContent(), '<b>other</b>', 'names are text');
  await page.emulateMedia({ colorScheme: 'light' });
  t.equal(await page.locator('.plot canvas').count(), 1, 'drawn anew, not once more');
  t.same(errors, []);
});

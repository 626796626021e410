import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RunResult, ScenarioResult } from '../lib/results.js';
import { summarize } from '../lib/statistics.js';
import { formatNumber, isReached, labelOf, percent } from '../lib/table.js';
import type { Figure } from '../lib/scenario.js';
import { plotsOf, type BarPlot, type LinePlot } from './plots.js';

const require = createRequire(import.meta.url);
/** Style and script are no code of Node's, so they stay where the sources are. */
const SOURCE = join(dirname(require.resolve('spillway/package.json')), 'bench/report/');
const LIBRARY = join(dirname(require.resolve('uplot/package.json')), 'dist/');
const MIB = 2 ** 20;

/** One page with all that it needs in it: it may be mailed, and opens from a disk without a network. */
export function reportPage(run: RunResult): string {
  const lines: LinePlot[] = [];
  const sections = run.scenarios.map((result) => sectionOf(result, lines)).join('\n');
  const { cpu, cores, memoryGiB, kernel, node, load, commit } = run.machine;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spillway, measured ${text(run.startedAt)}</title>
<style>${readFileSync(`${LIBRARY}uPlot.min.css`, 'utf8')}</style>
<style>${readFileSync(`${SOURCE}style.css`, 'utf8')}</style>
<header>
<h1>Spillway, measured</h1>
<p>${text(run.startedAt.slice(0, 16).replace('T', ' '))} UTC · ${cores} × ${text(cpu)} · ${memoryGiB} GiB · Linux ${text(kernel)} · Node ${text(node)} · commit ${text(commit)} · load at the start ${load}</p>
<nav>${run.scenarios.map(({ scenario }) => `<a href="#${text(scenario)}">${text(scenario)}</a>`).join(' ')}</nav>
</header>
<main>
${targetsOf(run)}
${sections}
</main>
<script>${script(readFileSync(`${LIBRARY}uPlot.iife.min.js`, 'utf8'))}</script>
<script type="application/json" id="plots">${JSON.stringify(lines).replaceAll('<', '\\u003c')}</script>
<script>${script(readFileSync(`${SOURCE}draw.js`, 'utf8'))}</script>
</html>
`;
}

/** What the design asks for, all of it at one glance. */
function targetsOf(run: RunResult): string {
  const rows = run.scenarios.flatMap(({ scenario, outcome }) =>
    (outcome?.figures ?? []).flatMap((figure) => (figure.target ? [[scenario, figure] as const] : [])),
  );
  if (rows.length === 0) return '';
  const cells = rows.map(
    ([scenario, figure]) =>
      `<tr><td><a href="#${text(scenario)}">${text(scenario)}</a>: ${text(labelOf(figure))}</td>${numbers(figure)}</tr>`,
  );
  return `<section><h2>Against the targets</h2>${tableOf(['', ...HEADS], cells)}</section>`;
}

function sectionOf(result: ScenarioResult, lines: LinePlot[]): string {
  const { scenario, question, outcome, failure, seconds } = result;
  const head = `<h2>${text(scenario)}</h2><p class="question">${text(question)}</p>`;
  if (outcome === undefined) {
    return `<section id="${text(scenario)}">${head}<p class="missed">Failed after ${seconds} s: ${text(failure ?? '')}</p></section>`;
  }
  const plots = plotsOf(outcome.figures).map((plot) => {
    if (plot.kind === 'bars') return barsOf(plot);
    lines.push(plot);
    return `<figure><figcaption>${text(plot.title)}${plot.unit && `, ${text(plot.unit)}`}</figcaption><div class="plot" data-plot="${lines.length - 1}"></div></figure>`;
  });
  const figures = outcome.figures.map(
    (figure) => `<tr><td>${text(labelOf(figure))}</td>${numbers(figure)}</tr>`,
  );
  const processes = Object.entries(outcome.processes).map(
    ([name, use]) =>
      `<tr><td>${text(name)}</td><td>${percent(use.cpu)}</td><td>${percent(use.mainThread)}</td><td>${(use.rssStart / MIB).toFixed(0)}</td><td>${(use.rssPeak / MIB).toFixed(0)}</td></tr>`,
  );
  return `<section id="${text(scenario)}">${head}
<ul>${outcome.setup.map((sentence) => `<li>${text(sentence)}</li>`).join('')}</ul>
<div class="plots">${plots.join('\n')}</div>
${tableOf(['', ...HEADS], figures)}
<details><summary>What each process used</summary>${tableOf(['process', 'CPU', 'main thread', 'MiB at start', 'peak'], processes)}</details>
${(outcome.notes ?? []).map((note) => `<p class="note">${text(note)}</p>`).join('')}
</section>`;
}

const HEADS = ['median', 'low', 'high', 'unit', 'target'];

function numbers({ samples, unit, target }: Figure): string {
  const { median, low, high } = summarize(samples);
  const range = samples.length > 1 ? [formatNumber(low), formatNumber(high)] : ['', ''];
  const cells = [formatNumber(median), ...range, unit].map((cell) => `<td>${text(cell)}</td>`).join('');
  if (target === undefined) return `${cells}<td></td>`;
  const reached = isReached(median, target);
  const bound =
    'atLeast' in target ? `≥ ${formatNumber(target.atLeast)}` : `≤ ${formatNumber(target.atMost)}`;
  return `${cells}<td class="${reached ? 'reached' : 'missed'}">${bound} ${reached ? 'reached' : 'missed'}</td>`;
}

function barsOf({ title, unit, bars }: BarPlot): string {
  const most = Math.max(...bars.map(({ median }) => median)) || 1;
  const rows = bars.map(
    ({ name, median }) =>
      `<div class="bar"><span>${text(name)}</span><i><b style="width:${((median / most) * 100).toFixed(2)}%"></b></i><span>${formatNumber(median)}</span></div>`,
  );
  return `<figure><figcaption>${text(title)}${unit && `, ${text(unit)}`}</figcaption>${rows.join('')}</figure>`;
}

function tableOf(heads: readonly string[], rows: readonly string[]): string {
  return `<div class="wide"><table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** A script that stands in a page must not contain what ends it. */
function script(code: string): string {
  return code.replaceAll('</script', '<\\/script');
}

import type { Figure } from '../lib/scenario.js';
import { formatWhere } from '../lib/table.js';
import { summarize, type Summary } from '../lib/statistics.js';

/** One quantity over the numbers of an axis. */
export interface Series {
  readonly name: string;
  /** As many as the plot has places; undefined where it was not measured. */
  readonly values: readonly (Summary | undefined)[];
}

/** Quantities of one unit over one axis. */
export interface LinePlot {
  readonly kind: 'lines';
  readonly title: string;
  readonly unit: string;
  readonly axis: string;
  readonly places: readonly number[];
  readonly series: readonly Series[];
}

/** One quantity of several things that have names. */
export interface BarPlot {
  readonly kind: 'bars';
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly ({ readonly name: string } & Summary)[];
}

export type Plot = LinePlot | BarPlot;

/**
 * Makes plots of those figures that there are several of. `what` up to its last comma is the title, so that `latency, p50`
 * and `latency, p99` share a plot; the number in `at` that takes most values is the axis; what else there is names lines.
 */
export function plotsOf(figures: readonly Figure[]): Plot[] {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    if (figure.at === undefined) continue;
    const key = JSON.stringify([titleOf(figure), figure.unit, Object.keys(figure.at)]);
    groups.set(key, [...(groups.get(key) ?? []), figure]);
  }
  return [...groups.values()].flatMap((group) => (group.length < 2 ? [] : plotOf(group)));
}

function plotOf(figures: readonly Figure[]): Plot[] {
  const [{ unit } = { unit: '' }] = figures;
  const title = titleOf(figures[0] as Figure);
  const axis = axisOf(figures);
  if (axis === undefined) {
    const bars = figures.map((figure) => ({ name: nameOf(figure), ...summarize(figure.samples) }));
    return bars.length < 2 ? [] : [{ kind: 'bars', title, unit, bars }];
  }
  const place = (figure: Figure) => Number(figure.at?.[axis]);
  const places = [...new Set(figures.map(place))].toSorted((a, b) => a - b);
  const names = [...new Set(figures.map((figure) => nameOf(figure, axis)))];
  const series = names.map((name) => {
    const own = figures.filter((figure) => nameOf(figure, axis) === name);
    const values = places.map((at) => own.find((figure) => place(figure) === at));
    return { name, values: values.map((figure) => figure && summarize(figure.samples)) };
  });
  return [{ kind: 'lines', title, unit, axis, places, series }];
}

/** The key of `at` that is a number and takes the most values, more than one. */
function axisOf(figures: readonly Figure[]): string | undefined {
  let best: string | undefined;
  let most = 1;
  for (const key of Object.keys(figures[0]?.at ?? {})) {
    const values = new Set(figures.map(({ at }) => at?.[key]));
    if ([...values].some((value) => typeof value !== 'number') || values.size <= most) continue;
    best = key;
    most = values.size;
  }
  return best;
}

function titleOf({ what }: Figure): string {
  const comma = what.lastIndexOf(', ');
  return comma === -1 ? what : what.slice(0, comma);
}

/** What tells this figure from the others of its plot, the axis apart. */
function nameOf(figure: Figure, axis?: string): string {
  const own = figure.what.slice(titleOf(figure).length + 2);
  const where = Object.entries(figure.at ?? {}).filter(([key]) => key !== axis);
  const labels = where.map(([key, value]) =>
    typeof value === 'string' ? value : `${key} ${formatWhere(value)}`,
  );
  return [own, ...labels].filter((part) => part !== '').join(', ') || figure.what;
}

// Draws the plots of a report with uPlot, in the colours of the page, and anew when these or the width change.
/** A scale from the first to the last over two orders of magnitude is read better by its exponents. */
const isWide = (values) => {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) / least >= 50;
};

(() => {
  const plots = JSON.parse(document.getElementById('plots').textContent);
  const places = [...document.querySelectorAll('[data-plot]')];
  const colours = ['#0b76d1', '#d9630b', '#1a9a55', '#a04bd0', '#c2294f', '#5f7d00', '#008c95', '#8a5a44'];
  const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
  const compact = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, notation: 'compact' });

  const tick = (_, values) => values.map((value) => (value === null ? '' : compact.format(value)));

  const draw = (place) => {
    const plot = plots[place.dataset.plot];
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue('--soft').trim();
    const line = style.getPropertyValue('--line').trim();
    const medians = plot.series.flatMap(({ values }) => values.flatMap((value) => value?.median ?? []));
    const axis = (label) => ({
      stroke: ink,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
      label,
      labelSize: 22,
    });
    const logX = isWide(plot.places);
    const logY = isWide(medians);
    const series = [{ label: plot.axis, value: (_, value) => (value === null ? '' : number.format(value)) }];
    const data = [plot.places];
    const bands = [];
    for (const [i, { name, values }] of plot.series.entries()) {
      const colour = colours[i % colours.length];
      series.push({
        label: name,
        stroke: colour,
        width: 2,
        points: { show: true, size: 6, fill: colour },
        value: (_, value) => (value === null || value === undefined ? '' : number.format(value)),
      });
      data.push(values.map((value) => value?.median ?? null));
    }
    for (const [i, { values }] of plot.series.entries()) {
      const from = series.length;
      for (const key of ['high', 'low']) {
        series.push({ label: '', stroke: 'transparent', points: { show: false }, class: 'hidden' });
        data.push(values.map((value) => value?.[key] ?? null));
      }
      bands.push({ series: [from, from + 1], fill: `${colours[i % colours.length]}26` });
    }
    place.replaceChildren();
    const chart = new uPlot(
      {
        width: place.clientWidth,
        height: 260,
        scales: {
          x: { time: false, ...(logX && { distr: 3 }) },
          y: logY
            ? { distr: 3 }
            : { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.05 : 1] },
        },
        axes: [
          { ...axis(plot.axis), values: tick },
          { ...axis(), size: 60, values: tick },
        ],
        series,
        bands,
      },
      data,
      place,
    );
    for (const row of chart.root.querySelectorAll('.u-series.hidden')) row.remove();
  };

  const drawAll = () => places.forEach(draw);
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
})();

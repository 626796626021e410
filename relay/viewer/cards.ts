import { button, byId, el, formatCount } from './dom.js';
import { save, toNdjson, toText } from './download.js';
import type { Drops } from './drops.js';
import type { Journal } from './journal.js';

/** A card is filled when it is opened. */
export function onCard(id: string, contentOf: () => readonly Node[]): void {
  const card = byId(id);
  card.addEventListener('beforetoggle', (event) => {
    if (event.newState === 'open') card.replaceChildren(...contentOf());
  });
}

/** Answers whether there was one to hide. */
export function hideCards(): boolean {
  const open = document.querySelectorAll<HTMLElement>(':popover-open');
  for (const card of open) card.hidePopover();
  return open.length > 0;
}

export function dropsCard(drops: Drops): Node[] {
  const rows = drops.sums.map(({ hop, reason, count, unknown }) => {
    const known = count > 0 ? formatCount(count) : '';
    const records = unknown > 0 ? `${known} + unknown × ${unknown}` : formatCount(count);
    return el('tr', {}, el('td', {}, hop), el('td', {}, reason), el('td', {}, records));
  });
  const head = el('tr', {}, el('th', {}, 'hop'), el('th', {}, 'reason'), el('th', {}, 'records'));
  return [
    el('h2', {}, 'Dropped since this page opened the stream'),
    el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows)),
    el('p', {}, 'Each stands in the list where its records are missing.'),
  ];
}

export function downloadsCard(journal: Journal, stream = 'spillway'): Node[] {
  const name = `${stream.replaceAll('/', '-')}-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
  return [
    el('h2', {}, `${formatCount(journal.length)} that are shown`),
    button('NDJSON', () => save(toNdjson(journal.entries()), `${name}.ndjson`, 'application/x-ndjson')),
    button('Text', () => save(toText(journal.entries()), `${name}.log`, 'text/plain')),
  ];
}

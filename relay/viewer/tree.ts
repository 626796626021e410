import { visible } from '../../wire/visible.js';
import { button, el, formatCount } from './dom.js';

/** Members of one object that are made at once; more are made on demand. */
const PAGE = 200;

/** A value as a tree that opens level by level: what is closed costs nothing, however deep it is. */
export function treeOf(value: object): HTMLElement {
  return listOf(Object.entries(value), true);
}

function listOf(members: readonly [string, unknown][], isRecord = false): HTMLElement {
  const list = el('dl', { class: 'tree' });
  let made = 0;
  const add = () => {
    const next = members.slice(made, made + PAGE);
    made += next.length;
    row.before(...next.map(([key, value]) => memberOf(key, value, isRecord)));
    const rest = members.length - made;
    // At the end it stays too, for it has the focus.
    more.textContent = rest > 0 ? `${formatCount(rest)} more` : `all ${formatCount(made)}`;
    more.ariaDisabled = String(rest === 0);
  };
  const more = button('', add);
  const row = el('div', { class: 'more' }, more);
  list.append(row);
  add();
  if (made === members.length) row.remove();
  return list;
}

function memberOf(key: string, value: unknown, isRecord: boolean): HTMLElement {
  const name = visible(key);
  if (typeof value !== 'object' || value === null) {
    return el('div', {}, el('dt', {}, name), el('dd', { class: kindOf(value) }, leafOf(value)));
  }
  const members = Object.entries(value);
  if (members.length === 0) {
    return el('div', {}, el('dt', {}, name), el('dd', { class: 'null' }, Array.isArray(value) ? '[]' : '{}'));
  }
  const branch = el(
    'details',
    {},
    el('summary', {}, el('span', { class: 'name' }, name), sizeOf(value, members.length)),
  );
  branch.addEventListener(
    'toggle',
    () => {
      branch.append(listOf(members));
    },
    { once: true },
  );
  // An error is what people open a record for. The record's own only: one in one in one would unfold without end.
  if (isRecord && key === 'err') branch.open = true;
  return el('div', { class: 'branch' }, el('dt', { class: 'unseen' }, name), el('dd', {}, branch));
}

function sizeOf(value: object, count: number): HTMLElement {
  const text = Array.isArray(value) ? `[${count}]` : `{${count}}`;
  return el('span', { class: 'size' }, text);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value;
}

function leafOf(value: unknown): string {
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}

import { visible } from '../../wire/visible.js';
import { button, el, formatCount } from './dom.js';

/** Members of one object that are made at once; more are made on demand. */
const PAGE = 200;

/** A value as a tree that opens level by level: what is closed costs nothing, however deep it is. */
export function treeOf(value: object): HTMLElement {
  const list = el('dl', { class: 'tree' });
  addMembers(list, Object.entries(value), 0, true);
  return list;
}

function addMembers(
  list: HTMLElement,
  members: readonly [string, unknown][],
  from: number,
  isRecord = false,
): void {
  for (const [key, value] of members.slice(from, from + PAGE)) list.append(memberOf(key, value, isRecord));
  const rest = members.length - from - PAGE;
  if (rest <= 0) return;
  const more = el('div', { class: 'more' });
  more.append(
    button(`${formatCount(rest)} more`, () => {
      more.remove();
      addMembers(list, members, from + PAGE, isRecord);
    }),
  );
  list.append(more);
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
      const list = el('dl', { class: 'tree' });
      addMembers(list, members, 0);
      branch.append(list);
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

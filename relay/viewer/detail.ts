import { visible } from '../../wire/visible.js';
import { segmentsOf } from './ansi.js';
import { button, el } from './dom.js';
import { parseObject, type Entry } from './entry.js';
import { bucketOf } from './levels.js';
import { applyStyle } from './row.js';
import { treeOf } from './tree.js';

/** Longest message that is laid out, characters. */
const MAX_SHOWN = 64 * 1024;

export interface DetailHandlers {
  readonly onClose: () => void;
  readonly onMove: (by: number) => void;
  /** Answers whether it could be copied. */
  readonly onCopy: (what: 'record' | 'link') => Promise<boolean>;
}

/**
 * The record that is open, as a tree. Its controls are made once and stay while one record follows another: whoever presses
 * one of them keeps the focus.
 */
export class Detail {
  readonly #element: HTMLElement;
  readonly #handlers: DetailHandlers;
  readonly #level = el('strong', { class: 'level' });
  readonly #time = el('time');
  readonly #body = el('div', { class: 'body', tabindex: '0', role: 'group', 'aria-label': 'Fields' });
  readonly #message = el('pre', { class: 'message' });
  readonly #copyRecord = button('', () => void this.#copy('record'));
  readonly #copyLink = button('', () => void this.#copy('link'));
  readonly #actions = el('div', { class: 'actions' }, this.#copyRecord, this.#copyLink);
  readonly #fields = el('div');
  #entry: Entry | undefined;

  constructor(element: HTMLElement, handlers: DetailHandlers) {
    this.#element = element;
    this.#handlers = handlers;
    const { onClose, onMove } = handlers;
    const head = el(
      'div',
      { class: 'head' },
      this.#level,
      this.#time,
      el('span', { class: 'gap' }),
      button('↑', () => onMove(-1), { 'aria-label': 'Record before (k)', title: 'Record before (k)' }),
      button('↓', () => onMove(1), { 'aria-label': 'Record after (j)', title: 'Record after (j)' }),
      button('✕', onClose, { 'aria-label': 'Close (Esc)', title: 'Close (Esc)' }),
    );
    this.#body.append(this.#message, this.#actions, this.#fields);
    element.append(head, this.#body);
  }

  get isOpen(): boolean {
    return !this.#element.hidden;
  }

  open(entry: Entry): void {
    const focused = document.activeElement;
    const isInside = this.#body.contains(focused);
    this.#entry = entry;
    this.#element.hidden = false;
    const level = entry.kind === 'record' ? bucketOf(entry.level) : 'warn';
    this.#level.dataset['level'] = level;
    this.#level.textContent =
      entry.kind === 'record' ? level.toUpperCase() : entry.kind === 'notice' ? 'DROPPED' : 'VIEWER';
    this.#time.textContent = entry.time;
    this.#actions.hidden = entry.kind !== 'record';
    this.#copyRecord.textContent = 'Copy JSON';
    this.#copyLink.textContent = 'Copy link';
    this.#copyLink.hidden = entry.kind !== 'record' || entry.key === '';
    if (entry.kind === 'record') {
      const { msg, ...fields } = parseObject(entry.data);
      this.#fill(msg, treeOf(fields));
    } else this.#fill(entry.text, ...(entry.kind === 'notice' ? [treeOf(entry.notice)] : []));
    this.#body.scrollTop = 0;
    // What had the focus may have gone with the record before.
    if (isInside && !focused?.checkVisibility()) this.#body.focus({ preventScroll: true });
  }

  close(): void {
    this.#entry = undefined;
    this.#element.hidden = true;
    this.#fill('');
  }

  #fill(message: unknown, ...fields: readonly Node[]): void {
    this.#message.replaceChildren(...messageOf(message));
    this.#fields.replaceChildren(...fields);
  }

  async #copy(what: 'record' | 'link'): Promise<void> {
    const entry = this.#entry;
    const done = await this.#handlers.onCopy(what);
    // Another record may be open by now.
    if (entry !== this.#entry) return;
    const pressed = what === 'record' ? this.#copyRecord : this.#copyLink;
    pressed.textContent = done ? 'Copied' : 'The browser does not allow it';
  }
}

function messageOf(msg: unknown): (Node | string)[] {
  if (typeof msg !== 'string') return [];
  const pieces: (Node | string)[] = segmentsOf(msg.slice(0, MAX_SHOWN)).map((segment) => {
    const piece = el('span', {}, visible(segment.text));
    applyStyle(piece, segment);
    return piece;
  });
  if (msg.length > MAX_SHOWN) pieces.push(`… ${msg.length - MAX_SHOWN} more characters: copy the record`);
  return pieces;
}

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

/** The record that is open, as a tree. */
export class Detail {
  readonly #element: HTMLElement;
  readonly #handlers: DetailHandlers;

  constructor(element: HTMLElement, handlers: DetailHandlers) {
    this.#element = element;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return !this.#element.hidden;
  }

  open(entry: Entry): void {
    this.#element.hidden = false;
    const { onClose, onMove } = this.#handlers;
    const level = entry.kind === 'record' ? bucketOf(entry.level) : 'warn';
    const title =
      entry.kind === 'record' ? level.toUpperCase() : entry.kind === 'notice' ? 'DROPPED' : 'VIEWER';
    const head = el(
      'div',
      { class: 'head' },
      el('strong', { class: 'level', 'data-level': level }, title),
      el('time', {}, entry.time),
      el('span', { class: 'gap' }),
      button('↑', () => onMove(-1), { 'aria-label': 'Record before (k)', title: 'Record before (k)' }),
      button('↓', () => onMove(1), { 'aria-label': 'Record after (j)', title: 'Record after (j)' }),
      button('✕', onClose, { 'aria-label': 'Close (Esc)', title: 'Close (Esc)' }),
    );
    const scrolling = el('div', { class: 'body', tabindex: '0', role: 'group', 'aria-label': 'Fields' });
    if (entry.kind === 'record') {
      const record = parseObject(entry.data);
      scrolling.append(messageOf(record['msg']), this.#actions(entry.key !== ''));
      const { msg: _, ...fields } = record;
      scrolling.append(treeOf(fields));
    } else {
      scrolling.append(messageOf(entry.text));
      if (entry.kind === 'notice') scrolling.append(treeOf(entry.notice));
    }
    this.#element.replaceChildren(head, scrolling);
  }

  close(): void {
    this.#element.hidden = true;
    this.#element.replaceChildren();
  }

  #actions(canLink: boolean): HTMLElement {
    const copy = (what: 'record' | 'link', label: string) => {
      const made = button(label, () => {
        void this.#handlers.onCopy(what).then((done) => {
          made.textContent = done ? 'Copied' : 'The browser does not allow it';
        });
      });
      return made;
    };
    return el(
      'div',
      { class: 'actions' },
      copy('record', 'Copy JSON'),
      ...(canLink ? [copy('link', 'Copy link')] : []),
    );
  }
}

function messageOf(msg: unknown): HTMLElement {
  const message = el('pre', { class: 'message' });
  if (typeof msg !== 'string') return message;
  for (const segment of segmentsOf(msg.slice(0, MAX_SHOWN))) {
    const piece = el('span', {}, visible(segment.text));
    applyStyle(piece, segment);
    message.append(piece);
  }
  if (msg.length > MAX_SHOWN) message.append(`… ${msg.length - MAX_SHOWN} more characters: copy the record`);
  return message;
}

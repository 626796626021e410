import { button, el } from './dom.js';
import { recentStreams } from './memory.js';
import { nameOf, streamOf } from './target.js';

export interface PickerHandlers {
  readonly onPick: (stream: string) => void;
  /** Streams seen while reading: the containers of a tenant. */
  readonly seen: () => readonly string[];
}

/** Where a stream is chosen: by its name, among those read lately, among those seen. */
export function pickerOf({ onPick, seen }: PickerHandlers, current: string | undefined): HTMLElement {
  const input = el('input', {
    type: 'text',
    'aria-label': 'Stream',
    placeholder: 'tenant/container',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    autofocus: '',
  });
  input.value = current === undefined ? '' : current.replace(/^tenant\//, '');
  const complaint = el('p', { class: 'complaint', role: 'alert' });
  const form = el(
    'form',
    { class: 'field-row' },
    input,
    el('button', { type: 'submit', class: 'primary' }, 'Read'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const stream = streamOf(input.value);
    if (stream !== undefined) return onPick(nameOf(stream));
    complaint.textContent =
      'A name has letters, digits, dots, underscores and hyphens: acme, acme/web-1 or system/scheduler.';
  });
  const recent = recentStreams();
  const others = seen().filter((name) => !recent.includes(name));
  return el(
    'div',
    { class: 'picker' },
    form,
    complaint,
    el(
      'p',
      { class: 'hint' },
      el('code', {}, 'acme'),
      ' a tenant · ',
      el('code', {}, 'acme/web-1'),
      ' one container · ',
      el('code', {}, 'system'),
      ' the platform',
    ),
    ...sectionOf('Lately', recent, current, onPick),
    ...sectionOf('Seen here', others.slice(0, 50), current, onPick),
  );
}

function sectionOf(
  title: string,
  names: readonly string[],
  current: string | undefined,
  onPick: (stream: string) => void,
): HTMLElement[] {
  if (names.length === 0) return [];
  const items = names.map((name) =>
    el(
      'li',
      {},
      button(
        name.replace(/^tenant\//, ''),
        () => onPick(name),
        name === current ? { 'aria-current': 'true' } : {},
      ),
    ),
  );
  return [el('h2', {}, title), el('ul', { class: 'streams' }, ...items)];
}

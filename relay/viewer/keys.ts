import { button, el } from './dom.js';

export interface Actions {
  readonly search: () => void;
  readonly move: (by: number) => void;
  readonly open: () => void;
  readonly toTop: () => void;
  readonly toEnd: () => void;
  readonly pause: () => void;
  readonly mode: () => void;
  readonly next: (by: 1 | -1) => void;
  readonly pick: () => void;
  readonly back: () => void;
  readonly help: () => void;
}

type Binding = readonly [keys: readonly string[], what: string, run: (actions: Actions) => void];

const BINDINGS: readonly Binding[] = [
  [['/'], 'find', (a) => a.search()],
  [['j', 'ArrowDown'], 'next record', (a) => a.move(1)],
  [['k', 'ArrowUp'], 'record before', (a) => a.move(-1)],
  [['Enter', 'o'], 'open or close the record', (a) => a.open()],
  [['g', 'Home'], 'to the oldest', (a) => a.toTop()],
  [['G', 'End'], 'to the newest, and follow', (a) => a.toEnd()],
  [[' '], 'pause or follow', (a) => a.pause()],
  [['n'], 'next match', (a) => a.next(1)],
  [['N'], 'match before', (a) => a.next(-1)],
  [['h'], 'filter or highlight', (a) => a.mode()],
  [['s'], 'choose a stream', (a) => a.pick()],
  [['Escape'], 'close, or leave the field', (a) => a.back()],
  [['?'], 'this list', (a) => a.help()],
];

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  ArrowDown: '↓',
  ArrowUp: '↑',
  Escape: 'esc',
  Enter: '⏎',
};

export function listenToKeys(actions: Actions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    // A dialog and an open card have keys of their own.
    if (target.closest('dialog, [popover]') !== null) return;
    const isTyping = target.closest('input') !== null;
    const isPressing = target.closest('button, summary') !== null;
    if (isTyping && event.key !== 'Escape') return;
    if (isPressing && (event.key === ' ' || event.key === 'Enter')) return;
    const binding = BINDINGS.find(([keys]) => keys.includes(event.key));
    if (binding === undefined) return;
    event.preventDefault();
    binding[2](actions);
  });
}

export function fillKeys(dialog: HTMLDialogElement): void {
  const rows = BINDINGS.map(([keys, what]) =>
    el('div', {}, el('dt', {}, ...keys.map((key) => el('kbd', {}, NAMES[key] ?? key))), el('dd', {}, what)),
  );
  dialog.append(
    el('h2', { id: 'keys-title' }, 'Keyboard'),
    el('dl', { class: 'keys' }, ...rows),
    button('Close', () => dialog.close(), { class: 'primary' }),
  );
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
}

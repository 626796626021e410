import { button, el } from './dom.js';
import type { State } from './messages.js';

export interface CurtainView {
  readonly stream: string | undefined;
  readonly state: State;
  readonly kept: number;
  readonly shown: number;
  /** A record that was linked to is waited for, or was not found. */
  readonly link: 'none' | 'sought' | 'missing';
}

export interface CurtainParts {
  readonly picker: () => HTMLElement;
  readonly tokenForm: () => HTMLElement;
  readonly onRetry: () => void;
  readonly onShowAll: () => void;
}

/** What stands where no lines are, and why there are none. It is made anew only when the reason is another one. */
export class Curtain {
  readonly #element: HTMLElement;
  readonly #parts: CurtainParts;
  #reason: string | undefined = '';

  constructor(element: HTMLElement, parts: CurtainParts) {
    this.#element = element;
    this.#parts = parts;
  }

  update(view: CurtainView): void {
    const reason = reasonOf(view);
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#element.hidden = reason === undefined;
    this.#element.replaceChildren(...(reason === undefined ? [] : this.#contentOf(reason, view)));
  }

  /** A list of streams may have changed. */
  forget(): void {
    this.#reason = '';
  }

  #contentOf(reason: string, { state, stream }: CurtainView): Node[] {
    const { picker, tokenForm, onRetry, onShowAll } = this.#parts;
    if (reason === 'welcome') return [el('h2', {}, 'What do you want to read?'), picker()];
    if (reason.startsWith('refused')) {
      const { status, why } = state as Extract<State, { kind: 'refused' }>;
      return [
        el('h2', {}, titleOf(status)),
        el('p', {}, why),
        ...(status === 401 || status === 403 ? [tokenForm()] : []),
        el('div', { class: 'actions' }, button('Try again', onRetry)),
      ];
    }
    if (reason === 'filtered') {
      return [el('h2', {}, 'Nothing that is kept passes the filter'), button('Show all', onShowAll)];
    }
    if (reason === 'sought')
      return [el('h2', {}, 'Looking for the record'), el('p', {}, 'The relay replays what it remembers.')];
    if (reason === 'away')
      return [el('h2', {}, 'The relay cannot be read'), el('p', {}, (state as { why: string }).why)];
    if (reason === 'connecting') return [el('h2', { class: 'quiet' }, 'Connecting')];
    return [
      el('h2', {}, 'Connected, and waiting for the first line'),
      el(
        'p',
        {},
        el('code', {}, stream ?? ''),
        ' has printed nothing since. What it prints appears here within milliseconds.',
      ),
    ];
  }
}

/** Undefined where lines are to be seen. */
function reasonOf({ stream, state, kept, shown, link }: CurtainView): string | undefined {
  if (stream === undefined) return 'welcome';
  if (state.kind === 'refused') return `refused ${state.status} ${state.why}`;
  if (shown > 0 && link !== 'sought') return undefined;
  if (link === 'sought') return 'sought';
  if (kept > 0) return 'filtered';
  if (state.kind === 'waiting') return 'away';
  return state.kind === 'live' || state.kind === 'silent' ? 'idle' : 'connecting';
}

function titleOf(status: number): string {
  if (status === 401) return 'This relay wants a token';
  if (status === 403) return 'Your token does not allow this stream';
  if (status === 404) return 'There is no such stream';
  return `The relay refuses the request (${status})`;
}

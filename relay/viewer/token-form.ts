import { button, el } from './dom.js';
import type { Token } from './token.js';

/** Where a token is pasted. @param onChange the token is another one now */
export function tokenForm(token: Token, onChange: () => void): HTMLElement {
  const input = el('input', {
    type: 'password',
    'aria-label': 'Token',
    placeholder: 'paste a JWT',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const keep = el('input', { type: 'checkbox' });
  const form = el(
    'form',
    { class: 'token' },
    el('div', { class: 'field-row' }, input, el('button', { type: 'submit', class: 'primary' }, 'Use')),
    el('label', {}, keep, ' keep it until this tab is closed'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    token.set(input.value, keep.checked);
    onChange();
  });
  if (token.value !== undefined) {
    const forget = () => {
      token.set('', false);
      onChange();
    };
    form.append(el('p', { class: 'hint' }, 'A token is in use. '), button('Forget it', forget));
  } else {
    form.append(
      el('p', { class: 'hint' }, 'It stays in this page: it is sent in a header, never in an address.'),
    );
  }
  return form;
}

/** The element of the page with this id. @throws {Error} where the page and its script do not fit together */
export function byId<K extends keyof HTMLElementTagNameMap>(id: string, tag: K): HTMLElementTagNameMap[K];
export function byId(id: string): HTMLElement;
export function byId(id: string, tag?: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null || (tag !== undefined && found.localName !== tag)) {
    throw new Error(`the page has no ${tag ?? ''}#${id}`);
  }
  return found;
}

type Attributes = Readonly<Record<string, string | undefined>>;

/** An element with children. Strings become text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A button that does something. */
export function button(label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', onClick);
  return made;
}

/** Leaves alone what says so already: most is drawn each second and changes seldom. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

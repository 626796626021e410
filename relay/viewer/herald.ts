import { formatCount } from './dom.js';

/** How often, at most, what has come is summed up for those who hear the page, ms. */
const SUMMARY_MS = 15_000;

/** Says what happens in a few polite words; to read out every line would be noise. */
export class Herald {
  readonly #element: HTMLElement;
  #records = 0;
  #errors = 0;
  #dropped = 0;
  #saidAt = 0;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  say(text: string): void {
    this.#element.textContent = text;
    this.#saidAt = performance.now();
  }

  count(records: number, errors: number, dropped: number): void {
    this.#records += records;
    this.#errors += errors;
    this.#dropped += dropped;
  }

  /** Once a second. */
  tick(): void {
    if (performance.now() - this.#saidAt < SUMMARY_MS || this.#records + this.#dropped === 0) return;
    const errors = this.#errors > 0 ? `, ${formatCount(this.#errors)} of them errors` : '';
    const dropped = this.#dropped > 0 ? `; ${formatCount(this.#dropped)} dropped` : '';
    this.say(`${formatCount(this.#records)} new records${errors}${dropped}`);
    this.#records = 0;
    this.#errors = 0;
    this.#dropped = 0;
  }
}

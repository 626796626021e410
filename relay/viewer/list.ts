import type { Journal } from './journal.js';
import { Row, type Look } from './row.js';

/** Rows kept ready above and below what is seen, so that a short scroll finds them painted. */
const OVERSCAN = 6;

/** A screen of 4,000 pixels has fewer rows; more nodes than this are never made. */
const MAX_ROWS = 100;

/** How long a scroll counts as made by hand after the wheel, a finger or a key, ms. */
const BY_HAND_MS = 1_000;

export interface ListHandlers {
  /** Somebody scrolls up: what is shown shall stand still. */
  readonly onLeaveEnd: () => void;
  /** Somebody scrolled down to the end. */
  readonly onReachEnd: () => void;
  readonly onOpen: (number: number) => void;
}

/** The journal on the screen: as many nodes as the screen has rows, whatever the journal holds. */
export class List {
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #journal: Journal;
  readonly #handlers: ListHandlers;
  readonly #pool: Row[] = [];
  #rowHeight = 24;
  #byHandAt = Number.NEGATIVE_INFINITY;
  #lastTop = 0;
  #pressed = -1;
  #selected: number | undefined;
  #look: Look = { rangesOf: () => [], localTime: false };

  constructor(scroller: HTMLElement, journal: Journal, handlers: ListHandlers) {
    this.#scroller = scroller;
    this.#journal = journal;
    this.#handlers = handlers;
    this.#spacer = document.createElement('div');
    this.#spacer.className = 'spacer';
    this.#rows = document.createElement('div');
    this.#rows.className = 'rows';
    this.#spacer.append(this.#rows);
    scroller.append(this.#spacer);
    this.#listen();
  }

  /** The number of the selected entry. */
  get selected(): number | undefined {
    return this.#selected;
  }

  set look(look: Look) {
    this.#look = look;
  }

  get look(): Look {
    return this.#look;
  }

  measure(): void {
    this.#rowHeight = Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--row')) || 24;
  }

  /** Once a frame at most. */
  render(): void {
    const { length, paused } = this.#journal;
    const height = this.#scroller.clientHeight;
    this.#spacer.style.height = `${length * this.#rowHeight}px`;
    if (!paused) this.#scroller.scrollTop = Math.max(0, length * this.#rowHeight - height);
    const top = this.#scroller.scrollTop;
    this.#lastTop = top;
    const first = Math.max(0, Math.floor(top / this.#rowHeight) - OVERSCAN);
    const count = Math.min(MAX_ROWS, length - first, Math.ceil(height / this.#rowHeight) + 2 * OVERSCAN);
    this.#rows.style.transform = `translateY(${first * this.#rowHeight}px)`;
    for (let i = 0; i < count; i++) {
      const number = this.#journal.numberAt(first + i);
      const entry = this.#journal.get(number);
      if (entry !== undefined) this.#rowAt(i).show(number, entry, this.#look, number === this.#selected);
    }
    for (let i = Math.max(0, count); i < this.#pool.length; i++) this.#pool[i]?.hide();
  }

  /** Selects an entry and brings it into sight. */
  select(number: number | undefined): void {
    this.#selected = number;
    if (number !== undefined) this.reveal(number);
  }

  /** Moves the selection by so many rows; from nothing, it begins with the last row in sight. Answers the number. */
  move(by: number): number | undefined {
    const { length } = this.#journal;
    if (length === 0) return undefined;
    const from =
      this.#selected === undefined ? this.#lastInSight() : this.#journal.placeOf(this.#selected) + by;
    const number = this.#journal.numberAt(Math.min(length - 1, Math.max(0, from)));
    this.select(number);
    return number;
  }

  reveal(number: number, where: 'nearest' | 'middle' = 'nearest'): void {
    const top = this.#journal.placeOf(number) * this.#rowHeight;
    const height = this.#scroller.clientHeight;
    // The journal may have grown since the last frame, and a scroller stops at its end.
    this.#spacer.style.height = `${this.#journal.length * this.#rowHeight}px`;
    if (where === 'middle') this.#scrollTo(top - height / 2);
    else if (top < this.#scroller.scrollTop) this.#scrollTo(top);
    else if (top + this.#rowHeight > this.#scroller.scrollTop + height) {
      this.#scrollTo(top + this.#rowHeight - height);
    }
  }

  /** A turn of the wheel over something that stands before the list. */
  wheel(by: number): void {
    this.#byHandAt = performance.now();
    this.#scroller.scrollBy(0, by);
  }

  toTop(): void {
    this.#scrollTo(0);
  }

  /** The number of the entry in the middle of the screen. */
  get middle(): number | undefined {
    const { length } = this.#journal;
    if (length === 0) return undefined;
    const place = Math.floor((this.#scroller.scrollTop + this.#scroller.clientHeight / 2) / this.#rowHeight);
    return this.#journal.numberAt(Math.min(length - 1, place));
  }

  /** Not by hand: the event that follows is to change nothing. */
  #scrollTo(top: number): void {
    this.#scroller.scrollTop = top;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #lastInSight(): number {
    return Math.floor((this.#scroller.scrollTop + this.#scroller.clientHeight) / this.#rowHeight) - 1;
  }

  #rowAt(i: number): Row {
    const known = this.#pool[i];
    if (known !== undefined) return known;
    const row = new Row();
    // While lines pour in a node shows another record a moment later: the one that was pressed is meant.
    row.element.addEventListener('pointerdown', () => (this.#pressed = row.number));
    row.element.addEventListener('click', () => {
      // Whoever marks text to copy it does not ask for the record.
      if (this.#pressed >= 0 && getSelection()?.isCollapsed !== false) this.#handlers.onOpen(this.#pressed);
    });
    this.#pool.push(row);
    this.#rows.append(row.element);
    return row;
  }

  #listen(): void {
    const byHand = () => {
      this.#byHandAt = performance.now();
    };
    this.#scroller.addEventListener('touchmove', byHand, { passive: true });
    this.#scroller.addEventListener('pointerdown', byHand, { passive: true });
    this.#scroller.addEventListener('keydown', (event) => {
      if (['PageUp', 'PageDown'].includes(event.key)) byHand();
    });
    this.#scroller.addEventListener(
      'wheel',
      (event) => {
        byHand();
        // While lines pour in, the end runs ahead of every scroll: the turn of the wheel itself must count.
        if (event.deltaY < 0 && this.#canScroll()) this.#handlers.onLeaveEnd();
      },
      { passive: true },
    );
    this.#scroller.addEventListener('scroll', () => this.#onScroll(), { passive: true });
  }

  #onScroll(): void {
    const top = this.#scroller.scrollTop;
    const isUp = top < this.#lastTop - 1;
    const isDown = top > this.#lastTop + 1;
    this.#lastTop = top;
    if (performance.now() - this.#byHandAt > BY_HAND_MS) return;
    // A long drag of the bar goes on to be one.
    this.#byHandAt = performance.now();
    const rest = this.#scroller.scrollHeight - this.#scroller.clientHeight - top;
    if (isUp && rest > 1) this.#handlers.onLeaveEnd();
    else if (isDown && rest <= 1) this.#handlers.onReachEnd();
  }

  #canScroll(): boolean {
    return this.#scroller.scrollHeight > this.#scroller.clientHeight + 1;
  }
}

import { segmentsOf, type Segment } from './ansi.js';
import { parseObject, type Entry, type RecordEntry } from './entry.js';
import { visible } from '../../wire/visible.js';
import { bucketOf } from './levels.js';
import type { Ranges } from './query.js';
import { clockOf } from './clock.js';

/** Longest text that a row paints, characters: what is longer is off every screen. */
const MAX_PAINTED = 1_000;

/** Hues that tell containers apart; the style sheet has a colour for each. */
const HUES = 8;

/** How rows look at the moment. A new object where anything of it changed. */
export interface Look {
  /** What is marked in the text of an entry. */
  readonly rangesOf: (entry: Entry) => Ranges;
  readonly localTime: boolean;
}

/** One node of the list, which shows one entry after another. */
export class Row {
  readonly element = document.createElement('div');
  readonly #time = document.createElement('span');
  readonly #from = document.createElement('span');
  readonly #level = document.createElement('span');
  readonly #text = document.createElement('span');
  #entry: Entry | undefined;
  #look: Look | undefined;
  number = -1;

  constructor() {
    this.element.className = 'row';
    this.#time.className = 'time';
    this.#from.className = 'from';
    this.#level.className = 'level';
    this.#text.className = 'text';
    this.element.append(this.#time, this.#from, this.#level, this.#text);
  }

  show(number: number, entry: Entry, look: Look, isSelected: boolean): void {
    this.element.hidden = false;
    this.element.classList.toggle('selected', isSelected);
    this.number = number;
    if (entry === this.#entry && look === this.#look) return;
    this.#entry = entry;
    this.#look = look;
    this.#time.textContent = clockOf(entry.time, look.localTime);
    if (entry.kind === 'record') this.#paint(entry, look);
    else {
      this.element.dataset['kind'] = entry.kind;
      delete this.element.dataset['level'];
      this.#from.textContent = '';
      this.#level.textContent = entry.kind === 'notice' ? 'DROP' : '';
      this.#text.textContent = entry.text;
    }
  }

  hide(): void {
    this.element.hidden = true;
    this.number = -1;
  }

  /** Hot: some 40 times a frame while lines pour in. */
  #paint(entry: RecordEntry, { rangesOf }: Look): void {
    const level = bucketOf(entry.level);
    this.element.dataset['kind'] = 'record';
    this.element.dataset['level'] = level;
    this.#from.textContent = entry.from;
    this.#from.dataset['hue'] = String(hueOf(entry.from));
    this.#level.textContent = level.toUpperCase();
    this.#text.replaceChildren(
      ...markUp(oneLine(entry.text.slice(0, MAX_PAINTED)), entry.body, styleOf(entry), rangesOf(entry)),
    );
  }
}

/** The styles of a coloured message, as runs of `text`. */
function styleOf(entry: RecordEntry): readonly Segment[] {
  if (!entry.ansi) return [];
  const { msg } = parseObject(entry.data);
  return typeof msg === 'string'
    ? segmentsOf(msg).map((segment) => ({ ...segment, text: visible(segment.text) }))
    : [];
}

/**
 * A row's text as nodes: cut at the end of the message, where styles change and where matches begin and end. Adjacent
 * pieces of the same look are one node, so that a plain line is one text node.
 */
function markUp(text: string, body: number, styles: readonly Segment[], ranges: Ranges): Node[] {
  const cuts = new Set([0, Math.min(body, text.length), text.length]);
  const starts: [number, Segment][] = [];
  let end = 0;
  for (const segment of styles) {
    starts.push([end, segment]);
    end += segment.text.length;
    if (end < text.length) cuts.add(end);
  }
  for (const [from, to] of ranges) cuts.add(Math.min(from, text.length)).add(Math.min(to, text.length));
  const points = [...cuts].toSorted((a, b) => a - b);
  const nodes: Node[] = [];
  let s = 0;
  let r = 0;
  for (let i = 0; i + 1 < points.length; i++) {
    const at = points[i] as number;
    while (s + 1 < starts.length && (starts[s + 1] as [number, Segment])[0] <= at) s += 1;
    while (r < ranges.length && (ranges[r] as Ranges[number])[1] <= at) r += 1;
    const range = ranges[r];
    const isMatch = range !== undefined && range[0] <= at;
    const style = at < Math.min(end, body) ? starts[s]?.[1] : undefined;
    nodes.push(pieceOf(text.slice(at, points[i + 1]), style, at >= body, isMatch));
  }
  return nodes;
}

function pieceOf(text: string, style: Segment | undefined, isField: boolean, isMatch: boolean): Node {
  const isPlain =
    style === undefined ||
    (style.fg === undefined && style.bg === undefined && style.decorations.length === 0);
  if (isPlain && !isField && !isMatch) return document.createTextNode(text);
  const piece = document.createElement(isMatch ? 'mark' : 'span');
  piece.textContent = text;
  if (isField) piece.className = 'field';
  if (style !== undefined && !isMatch) applyStyle(piece, style);
  return piece;
}

/** Through the object model, which a policy without inline styles allows; only colours and known words get this far. */
export function applyStyle(element: HTMLElement, { fg, bg, decorations }: Segment): void {
  for (const name of decorations) element.classList.add(`ansi-${name}`);
  if (fg?.startsWith('ansi-')) element.classList.add(`${fg}-fg`);
  else if (fg !== undefined) element.style.color = `rgb(${fg})`;
  if (bg?.startsWith('ansi-')) element.classList.add(`${bg}-bg`);
  else if (bg !== undefined) element.style.backgroundColor = `rgb(${bg})`;
}

/** A row is one line; a character for a character, so that matches stay where they are. */
function oneLine(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '↵') : text;
}

/** In the order of their first line, so that the first eight all differ. */
const hues = new Map<string, number>();

function hueOf(name: string): number {
  const known = hues.get(name);
  if (known !== undefined) return known;
  const hue = hues.size % HUES;
  if (hues.size < 1000) hues.set(name, hue);
  return hue;
}

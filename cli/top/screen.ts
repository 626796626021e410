import { writeSync } from 'node:fs';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** What comes between is shown at once, by terminals that know this; others pass it over. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'];

interface Output {
  readonly columns: number;
  readonly rows: number;
  write(text: string): boolean;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** The terminal's other screen. Only lines that changed are written, so nothing flickers; the user's own comes back at the end. */
export class Screen {
  readonly #out: Output;
  readonly #onResize: () => void;
  #drawn: readonly string[] = [];
  /** The process may end anywhere, by a signal too: the terminal must not stay as it is. */
  readonly #leave = () => writeSync(1, LEAVE);

  constructor(out: Output, onResize: () => void) {
    this.#out = out;
    this.#onResize = () => {
      this.#drawn = [];
      this.#out.write('\u001b[2J');
      onResize();
    };
    out.write(ENTER);
    out.on('resize', this.#onResize);
    process.on('exit', this.#leave);
  }

  get columns(): number {
    return this.#out.columns;
  }

  get rows(): number {
    return this.#out.rows;
  }

  draw(lines: readonly string[]): void {
    const changed = lines.flatMap((line, i) =>
      line === this.#drawn[i] ? [] : [`\u001b[${i + 1};1H${line}\u001b[K`],
    );
    if (lines.length < this.#drawn.length) changed.push(`\u001b[${lines.length + 1};1H\u001b[J`);
    this.#drawn = lines;
    if (changed.length > 0) this.#out.write(BEGIN + changed.join('') + END);
  }

  close(): void {
    process.off('exit', this.#leave);
    this.#out.off('resize', this.#onResize);
    this.#out.write(LEAVE);
  }
}

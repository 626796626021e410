import Anser from 'anser';

/** A run of text in one style. `fg` and `bg` are class names of the style sheet, or `r, g, b`. */
export interface Segment {
  readonly text: string;
  readonly fg: string | undefined;
  readonly bg: string | undefined;
  readonly decorations: readonly string[];
}

/** Longest text whose colours are looked at, characters; the rest is shown without. */
const MAX_STYLED = 64 * 1024;

/** `hidden` and `blink` are left out: a line may neither hide nor flash. */
const DECORATIONS: readonly string[] = ['bold', 'dim', 'italic', 'underline', 'strikethrough'];

/** The text without its SGR sequences, cut where the styles change. Other sequences that move a cursor are taken out. */
export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = Anser.ansiToJson(text.slice(0, MAX_STYLED), {
    use_classes: true,
    remove_empty: true,
    json: true,
  }).map(({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }) => ({
    text: content,
    fg: colorOf(fg, fg_truecolor),
    bg: colorOf(bg, bg_truecolor),
    decorations: DECORATIONS.filter((name) => (decorations as readonly string[]).includes(name)),
  }));
  if (text.length > MAX_STYLED) {
    segments.push({ text: text.slice(MAX_STYLED), fg: undefined, bg: undefined, decorations: [] });
  }
  return segments;
}

/** What `segmentsOf` shows, in one piece. */
export function plainOf(text: string): string {
  return segmentsOf(text)
    .map((segment) => segment.text)
    .join('');
}

/** `ansi-red`, or `r, g, b` for the 256 and the 16 million. */
function colorOf(name: string | null | undefined, truecolor: string | null | undefined): string | undefined {
  if (!name) return undefined;
  if (name === 'ansi-truecolor') return truecolor ?? undefined;
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  return index === undefined ? name : paletteColor(Number(index));
}

/** xterm's colours from 16 on: a cube of 6 × 6 × 6, then 24 greys. */
function paletteColor(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `${grey}, ${grey}, ${grey}`;
  }
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
    .map((step) => (step === 0 ? 0 : 55 + step * 40))
    .join(', ');
}

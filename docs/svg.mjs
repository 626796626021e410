import Anser from 'anser';
import stringWidth from 'string-width';

/** Of a cell, pixels. */
const [WIDTH, HEIGHT, SIZE] = [8.4, 19, 14];
const MARGIN = 16;
const BAR = 34;

/** The sixteen colours on the dark ground; the others come with their own. */
const COLORS = {
  'ansi-black': '#4b5263',
  'ansi-red': '#e06c75',
  'ansi-green': '#98c379',
  'ansi-yellow': '#e5c07b',
  'ansi-blue': '#61afef',
  'ansi-magenta': '#c678dd',
  'ansi-cyan': '#56b6c2',
  'ansi-white': '#dcdfe4',
};
const GROUND = '#1e222a';
const TEXT = '#dcdfe4';

/**
 * Terminals as a picture, one below the other. Blank lines at the end of a screen are left out.
 *
 * @param {readonly { title: string, screen: string }[]} windows screens with escape codes, as tmux captures them
 * @param {number} columns
 */
export function drawWindows(windows, columns) {
  const width = Math.round(columns * WIDTH + 2 * MARGIN);
  let top = 0;
  const parts = windows.map(({ title, screen }) => {
    const { marks, rows } = drawScreen(screen.trimEnd());
    const height = BAR + rows * HEIGHT + MARGIN;
    const part = `<g transform="translate(0 ${top})">${frame(title, width, height)}${marks}</g>`;
    top += height + MARGIN;
    return part;
  });
  const font = `font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${SIZE}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - MARGIN}" width="${width}" ${font}>\n${parts.join('\n')}\n</svg>\n`;
}

/**
 * @param {string} title
 * @param {number} width
 * @param {number} height
 */
function frame(title, width, height) {
  const dots = ['#ff5f56', '#ffbd2e', '#27c93f']
    .map((color, i) => `<circle cx="${MARGIN + 4 + i * 18}" cy="17" r="5.5" fill="${color}"/>`)
    .join('');
  return `<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>${dots}<text x="${width / 2}" y="22" fill="#7f848e" text-anchor="middle">${escape(title)}</text>`;
}

/**
 * The marks of a screen. A colour goes on over the end of a line.
 *
 * @param {string} screen
 */
function drawScreen(screen) {
  let marks = '';
  let [row, column] = [0, 0];
  for (const run of Anser.ansiToJson(screen, { use_classes: true, remove_empty: true })) {
    for (const [i, text] of run.content.split('\n').entries()) {
      if (i > 0) [row, column] = [row + 1, 0];
      if (text.trim() !== '') marks += drawRun(text, row, column, run);
      column += stringWidth(text);
    }
  }
  return { marks, rows: row + 1 };
}

/**
 * @param {string} text
 * @param {number} row
 * @param {number} column
 * @param {{ fg: string | null, bg: string | null, fg_truecolor: string | null, decorations: readonly string[] }} style
 */
function drawRun(text, row, column, { fg, bg, fg_truecolor: own, decorations }) {
  const [x, y] = [round(MARGIN + column * WIDTH), BAR + row * HEIGHT + SIZE];
  const length = round(stringWidth(text) * WIDTH);
  // What is inverted comes with its two colours changed over; nothing here has a ground of another kind.
  const isInverse = bg !== null;
  const color = isInverse ? colorOf(bg, null) : colorOf(fg, own);
  const ground = isInverse
    ? `<rect x="${x}" y="${y - SIZE}" width="${length}" height="${HEIGHT}" fill="${color}"/>`
    : '';
  const bold = decorations.includes('bold') ? ' font-weight="bold"' : '';
  const dim = decorations.includes('dim') ? ' opacity="0.65"' : '';
  // The width is said, so that columns stay columns whatever font there is.
  const place = `x="${x}" y="${y}" textLength="${length}" xml:space="preserve"`;
  return `${ground}<text ${place} fill="${isInverse ? GROUND : color}"${bold}${dim}>${escape(text)}</text>\n`;
}

/** @param {number} pixels */
function round(pixels) {
  return Math.round(pixels * 10) / 10;
}

/**
 * @param {string | null} fg
 * @param {string | null} own
 */
function colorOf(fg, own) {
  if (fg === 'ansi-truecolor' && own) return `rgb(${own})`;
  const [, index] = /^ansi-palette-(\d+)$/.exec(fg ?? '') ?? [];
  if (index !== undefined) return paletteOf(Number(index));
  return COLORS[/** @type {keyof typeof COLORS} */ ((fg ?? '').replace('bright-', ''))] ?? TEXT;
}

/** @param {number} index of the 6 × 6 × 6 cube */
function paletteOf(index) {
  if (index < 16 || index > 231) return TEXT;
  const steps = [0, 95, 135, 175, 215, 255];
  const place = index - 16;
  return `rgb(${[Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) => steps[step]).join(',')})`;
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

import t from 'tap';
import { colorOf, PALETTE } from '../../../cli/logs/palette.js';

/** Levels of the 6 × 6 × 6 cube. */
const CUBE = [0, 95, 135, 175, 215, 255];

/** Relative luminance of a colour of the cube. @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminanceOf(color: number): number {
  const place = color - 16;
  const channels = [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) => {
    const value = (CUBE[step] as number) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red, green, blue] = channels as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

void t.test('Each colour can be read on black and on white.', (t) => {
  for (const color of PALETTE) {
    const luminance = luminanceOf(color);
    t.ok((luminance + 0.05) / 0.05 >= 3.5, `${color} on black`);
    t.ok(1.05 / (luminance + 0.05) >= 3.5, `${color} on white`);
  }
  t.equal(new Set(PALETTE).size, PALETTE.length);
  t.end();
});

void t.test('A name always has the same colour, and names spread over all of them.', (t) => {
  t.strictSame(colorOf('acme/web-1'), ['\u001b[38;5;28m', '\u001b[39m'], 'on every machine');
  const used = new Map<string, number>();
  for (let i = 0; i < 1600; i++) {
    const [on] = colorOf(`acme/web-${i}`);
    used.set(on, (used.get(on) ?? 0) + 1);
  }
  t.equal(used.size, PALETTE.length);
  for (const count of used.values()) t.ok(count > 50 && count < 160, `${count} of 1600`);
  t.end();
});

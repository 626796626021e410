import t from 'tap';
import type { Page } from 'playwright-core';
import { needsChromium } from '../support/programs.js';
import { Reading } from './reading.js';

const skip = needsChromium();
const reading = new Reading(t);

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

const DARK = 'rgb(13, 17, 23)';
const LIGHT = 'rgb(255, 255, 255)';

void t.test('it is dark or light as the system is, unless its reader says otherwise', { skip }, async (t) => {
  const { page, complaints } = await reading.open(t, '/', { colorScheme: 'dark' });
  t.equal(await background(page), DARK);
  await page.emulateMedia({ colorScheme: 'light' });
  t.equal(await background(page), LIGHT);
  const looks: [string | null, string][] = [];
  for (let i = 0; i < 3; i++) {
    await page.click('#theme');
    looks.push([await page.getAttribute('#theme', 'aria-label'), await background(page)]);
  }
  t.same(looks, [
    ['Theme: dark', DARK],
    ['Theme: light', LIGHT],
    ['Theme: system', LIGHT],
  ]);
  await page.click('#theme');
  await page.reload();
  t.equal(await background(page), DARK, 'and it is remembered');
  t.same(complaints, []);
});

void t.test('the curve of the rate is drawn in the colours of the theme', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/curve', { colorScheme: 'light' });
  const print = reading.container(t, 'curve');
  print('a line', 'ERROR: a line');
  const { page } = viewer;
  const colors = () =>
    page.evaluate(() => {
      const canvas = document.getElementById('spark') as HTMLCanvasElement;
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      const found = new Set<string>();
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255) found.add(`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`);
      }
      return [...found].toSorted();
    });
  const shows = (...wanted: readonly string[]) =>
    viewer.until(async () => (await colors()).join() === wanted.join(), `a curve in ${wanted.join()}`);
  await shows('rgb(143, 183, 216)', 'rgb(187, 31, 38)');
  await page.click('#theme');
  await shows('rgb(255, 123, 114)', 'rgb(63, 111, 147)');
});

void t.test(
  'where the system has colours of its own, what colours said is still to be seen',
  { skip },
  async (t) => {
    const viewer = await reading.read(t, 'acme/forced', { forcedColors: 'active' });
    const print = reading.container(t, 'forced');
    print('INFO: plain', 'ERROR: it broke');
    await viewer.sees('it broke');
    const { page } = viewer;
    t.same(await page.$$eval('.row:not([hidden]) .level', (levels) => levels.map((l) => l.textContent)), [
      'INFO',
      'ERROR',
    ]);
    const styleOf = (selector: string) =>
      page.$eval(selector, (element) => {
        const { outlineStyle, backgroundColor, color } = getComputedStyle(element);
        return { outlineStyle, backgroundColor, color };
      });
    t.match(await styleOf('#mode-filter'), { outlineStyle: 'solid' });
    t.match(await styleOf('#mode-highlight'), { outlineStyle: 'none' });
    await page.fill('#query', 'broke');
    await viewer.shows('ERROR: it broke');
    const mark = await styleOf('mark');
    const text = await styleOf('.row .text');
    t.not(mark.backgroundColor, text.backgroundColor, 'a match stands out');
    t.not(mark.backgroundColor, mark.color, 'and can be read');
    await page.click('.row:has-text("it broke")');
    await page.waitForSelector('.row.selected');
    t.match(await styleOf('.row.selected'), { outlineStyle: 'solid' });
    t.not((await styleOf('#status i')).backgroundColor, (await styleOf('#status')).backgroundColor);
    t.same(viewer.complaints, []);
  },
);

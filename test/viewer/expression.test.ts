/** Threat: a regular expression that goes through all ways of matching a line, in the one field where anybody types one. */
import t from 'tap';
import { needsChromium } from '../support/programs.js';
import { Reading } from './reading.js';

const skip = needsChromium();
const reading = new Reading(t);

/** Goes through 2 to the 40th ways, and finds that none of them matches. */
const ENDLESS = '/^(a+)+$/';
const VICTIM = `${'a'.repeat(40)}b`;

void t.test('one that takes for ever is given up, and meanwhile the page answers', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/endless');
  const print = reading.container(t, 'endless');
  print('before', VICTIM, 'after');
  await viewer.sees('after');
  const { page } = viewer;
  const frames = await page.evaluate(async (text) => {
    const query = document.getElementById('query') as HTMLInputElement;
    const found = document.getElementById('found') as HTMLElement;
    query.value = text;
    query.dispatchEvent(new Event('input'));
    let frames = 0;
    while (!found.classList.contains('error')) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (found.textContent === 'searching') frames += 1;
    }
    return frames;
  }, ENDLESS);
  // It is given a second, in which a page that is held up paints once.
  t.ok(frames >= 5, `${frames} frames while it was tried`);
  await viewer.reads('#found', /^given up: it takes too long/);
  t.equal(await page.getAttribute('#query', 'aria-invalid'), 'true');
  await viewer.shows('before', VICTIM, 'after');
  await page.fill('#query', '/^(a|b)+$/');
  await viewer.reads('#found', /^1 of 3$/);
  t.same(viewer.complaints, []);
});

void t.test('one that a line to come makes endless lets the stream go on', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/later');
  const print = reading.container(t, 'later');
  print('aaaa', 'other');
  await viewer.sees('other');
  await viewer.page.fill('#query', ENDLESS);
  await viewer.reads('#found', /^1 of 2$/);
  print('aaa', VICTIM);
  await viewer.reads('#found', /^given up/);
  print('and on');
  await viewer.shows('aaaa', 'other', 'aaa', VICTIM, 'and on');
  t.same(viewer.complaints, []);
});

void t.test('what is found is marked wherever the stream is, paused too', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/paused');
  const print = reading.container(t, 'paused');
  print('one 1', 'two');
  await viewer.sees('two');
  const { page } = viewer;
  await page.keyboard.press('Space');
  print('three 3');
  await viewer.reads('#fresh', /^\+1 new/);
  await page.fill('#query', String.raw`/\d/`);
  await viewer.reads('#found', /^1 of 2$/);
  await viewer.reads('#fresh', /^\+1 new/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Space');
  await viewer.shows('one 1', 'three 3');
  print('4 four', 'five');
  await viewer.reads('#found', /^3 of 5$/);
  t.same(await page.$$eval('mark', (marks) => marks.map((mark) => mark.textContent)), ['1', '3', '4']);
  t.same(viewer.complaints, []);
});

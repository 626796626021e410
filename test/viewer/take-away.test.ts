import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { Page } from 'playwright-core';
import { needsChromium } from '../support/programs.js';
import { Reading } from './reading.js';

const skip = needsChromium();
const reading = new Reading(t);

/** What the browser saves after a press on a button of the card. */
async function downloaded(page: Page, label: string): Promise<{ name: string; text: string }> {
  await page.click('#download');
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`#downloads button:has-text("${label}")`),
  ]);
  await page.keyboard.press('Escape');
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

void t.test('what is shown can be downloaded, as records and as lines', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/download');
  const print = reading.container(t, 'download');
  print('apple', 'pear', 'WARN: apple of two lines', '{"msg":"apple\\nand more","level":30,"size":3}');
  await viewer.sees('and more');
  const { page } = viewer;
  await page.fill('#query', 'apple');
  await viewer.reads('#found', /^3 of 4$/);
  const records = await downloaded(page, 'NDJSON');
  t.match(records.name, /^tenant-acme-download-[\dTZ-]+\.ndjson$/);
  t.match(
    records.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      { msg: 'apple', level: 30, container: 'download', v: 0 },
      { msg: 'WARN: apple of two lines', level: 40 },
      { msg: 'apple\nand more', size: 3 },
    ],
  );
  const lines = await downloaded(page, 'Text');
  t.match(lines.name, /\.log$/);
  t.match(
    lines.text,
    /^\S+Z {2}INFO download: apple\n\S+Z {2}WARN download: WARN: apple of two lines\n\S+Z {2}INFO download: apple\n {4}and more size=3\n$/,
  );
  t.same(viewer.complaints, []);
});

void t.test('a record and the way to it can be copied', { skip }, async (t) => {
  const viewer = await reading.read(t, 'acme/copy', { permissions: ['clipboard-read', 'clipboard-write'] });
  const print = reading.container(t, 'copy');
  print('{"msg":"the one","level":40,"order":{"id":7}}', 'another');
  await viewer.sees('another');
  const { page } = viewer;
  await page.click('.row:has-text("the one")');
  const copied = async (label: string, said: RegExp) => {
    await page.click(`aside button:has-text("${label}")`);
    await viewer.reads('aside .actions', said);
    return page.evaluate(() => navigator.clipboard.readText());
  };
  t.match(JSON.parse(await copied('Copy JSON', /^Copied/)), { msg: 'the one', level: 40, order: { id: 7 } });
  const link = await copied('Copy link', /Copied$/);
  t.equal(link, page.url());
  const other = await reading.open(t, link);
  await other.reads('aside .message', /^the one$/);
  t.same([...viewer.complaints, ...other.complaints], []);
});

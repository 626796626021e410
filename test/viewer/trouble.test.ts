import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Browser, Page } from 'playwright-core';
import {
  sidecar,
  startConsolidatorProcess,
  startParts,
  startRelayProcess,
  type Parts,
} from '../support/processes.js';
import { needsChromium } from '../support/programs.js';
import { startBrowser, Viewer } from './browser.js';

const skip = needsChromium();

/** A line every 20 ms, numbered. */
const TICKING = `let i=0;setInterval(()=>console.log('tick '+i++),20)`;

let browser: Browser;
t.before(async () => {
  if (skip === false) browser = await startBrowser(t);
});

function ticking(t: Test, { publish }: Pick<Parts, 'publish'>) {
  sidecar(t, publish, 'web-1', [process.execPath, '-e', TICKING]);
}

void t.test(
  'a relay that is killed and comes back is read again, and the page says so',
  { skip },
  async (t) => {
    const parts = await startParts(t);
    const viewer = await Viewer.open(t, browser, `${parts.url}/#acme/web-1`);
    await viewer.isLive();
    ticking(t, parts);
    await viewer.sees('tick ');
    await parts.relay.stop('SIGKILL');
    await viewer.reads('#status', /^reconnecting in \d+ s$/);
    await startRelayProcess(t, parts.subscribe, [], new URL(parts.url).host);
    await viewer.isLive();
    await viewer.page.fill('#query', 'connect');
    await viewer.sees('connection lost');
    await viewer.sees('connected again');
    await viewer.page.fill('#query', '');
    const lastTick = async () => Number((await viewer.rows()).at(-1)?.replace('tick ', ''));
    let before = Number.NaN;
    await viewer.until(async () => (before = await lastTick()) >= 0, 'the lines, no longer filtered');
    await viewer.until(async () => (await lastTick()) > before, 'a line after the break');
    t.same(viewer.complaints, []);
  },
);

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as an issuer makes it. */
function tokenFor(secret: string, logs: readonly string[]): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ logs, exp })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

void t.test(
  'a relay that wants a token gets the one that was pasted, in a header only',
  { skip },
  async (t) => {
    const secret = 'only for this test, and more than 32 bytes long';
    const file = join(t.testdir({}), 'secret');
    await writeFile(file, secret, { mode: 0o600 });
    const open = await startParts(t);
    const { url } = await startRelayProcess(t, open.subscribe, ['--jwt-secret-file', file]);
    const viewer = await Viewer.open(t, browser, `${url}/#acme/web-1`);
    const { page } = viewer;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await viewer.reads('#curtain', /This relay wants a token/);
    await page.fill('#curtain input[type="password"]', tokenFor(secret, ['tenant/other/']));
    await page.keyboard.press('Enter');
    await viewer.reads('#curtain', /Your token does not allow this stream/);
    const token = tokenFor(secret, ['tenant/acme/']);
    await page.fill('#curtain input[type="password"]', token);
    await page.keyboard.press('Enter');
    await viewer.isLive();
    ticking(t, open);
    await viewer.sees('tick ');
    t.notOk(
      [...asked, page.url()].some((address) => address.includes(token.slice(-20))),
      'in no address',
    );
    const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    t.notMatch(stored, token.slice(-20), 'and in no storage, unless the reader said so');
    t.same(viewer.complaints, []);
  },
);

void t.test(
  'a link still leads to its record once the token is there that the relay wants',
  { skip },
  async (t) => {
    const secret = 'only for this test, and more than 32 bytes long';
    const file = join(t.testdir({}), 'secret');
    await writeFile(file, secret, { mode: 0o600 });
    const consolidator = await startConsolidatorProcess(t);
    const open = await startRelayProcess(t, consolidator.from);
    const { url } = await startRelayProcess(t, consolidator.from, ['--jwt-secret-file', file]);
    const first = await Viewer.open(t, browser, `${open.url}/#acme/web-1`);
    await first.isLive();
    ticking(t, consolidator);
    await first.sees('tick ');
    await first.page.keyboard.press('Space');
    await first.page.keyboard.press('g');
    await first.page.click('.row .text:text-is("tick 0")');
    await first.reads('aside .message', /^tick 0$/);
    const { hash } = new URL(first.page.url());
    t.match(hash, /at=/);

    const viewer = await Viewer.open(t, browser, `${url}/${hash}`);
    const { page } = viewer;
    await viewer.reads('#curtain', /This relay wants a token/);
    await page.fill('#curtain input[type="password"]', tokenFor(secret, ['tenant/other/']));
    await page.keyboard.press('Enter');
    await viewer.reads('#curtain', /Your token does not allow this stream/);
    const again = page.waitForResponse((response) => response.url().includes('/v1/logs/'));
    await page.click('#curtain button:has-text("Try again")');
    await again;
    await viewer.reads('#curtain', /Your token does not allow this stream/);
    t.equal(new URL(page.url()).hash, hash);
    await page.fill('#curtain input[type="password"]', tokenFor(secret, ['tenant/acme/']));
    await page.keyboard.press('Enter');
    await viewer.reads('aside .message', /^tick 0$/);
    t.equal(new URL(page.url()).hash, hash);
    t.same([...first.complaints, ...viewer.complaints], []);
  },
);

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function violations(page: Page) {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run: () => Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    return (await axe.run()).violations.map(
      ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
    );
  });
  return found;
}

const CARDS = [
  ['#token', '#token-form', /paste|stays in this page/],
  ['#download', '#downloads', /that are shown/],
] as const;

void t.test('axe finds nothing, dark and light, whatever is open', { skip }, async (t) => {
  for (const colorScheme of ['dark', 'light'] as const) {
    // Of its own, so that the page begins with nothing and all its rows are in sight.
    const parts = await startParts(t);
    const viewer = await Viewer.open(t, browser, parts.url, { colorScheme });
    const { page } = viewer;
    await viewer.reads('#curtain', /What do you want to read/);
    t.same(await violations(page), [], `${colorScheme}: welcome`);
    await page.goto(`${parts.url}/#acme`);
    await viewer.isLive();
    const print = `console.log('\\u001b[31mred\\u001b[32mgreen\\u001b[33myellow\\u001b[34mblue\\u001b[35mmagenta\\u001b[36mcyan\\u001b[37mwhite\\u001b[30mblack');
      for (const level of [10, 20, 30, 40, 50, 60]) console.log(JSON.stringify({ level, time: Date.now(), deep: { a: 1, b: null, c: true }, msg: 'level ' + level }));
      console.log('last'); setInterval(() => {}, 1000)`;
    for (const name of ['web-1', 'api-2', 'db-3']) {
      const printer = sidecar(t, parts.publish, name, [process.execPath, '-e', print]);
      // By its word, so that the program ends with it.
      t.teardown(async () => {
        printer.child.kill('SIGTERM');
        await printer.ended;
      });
    }
    await viewer.sees('last');
    t.same(await violations(page), [], `${colorScheme}: list`);
    await page.fill('#query', 'level');
    await viewer.reads('#found', /^18 of 24$/);
    await page.click('.row:has-text("level 40")');
    await viewer.reads('aside .message', /level 40/);
    t.same(await violations(page), [], `${colorScheme}: a record and matches`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await viewer.reads('dialog', /Keyboard/);
    t.same(await violations(page), [], `${colorScheme}: help`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await viewer.reads('#picker', /Lately/);
    t.same(await violations(page), [], `${colorScheme}: picker`);
    await page.keyboard.press('Escape');
    for (const [button, card, text] of CARDS) {
      await page.click(button);
      await viewer.reads(card, text);
      t.same(await violations(page), [], `${colorScheme}: ${card}`);
      await page.keyboard.press('Escape');
      t.equal(await page.isVisible(card), false);
    }
    await page.setViewportSize({ width: 360, height: 640 });
    await viewer.reads('#pause', /Paused/);
    await viewer.reads('#fresh', /new/);
    t.same(await violations(page), [], `${colorScheme}: paused, on a telephone`);
  }
});

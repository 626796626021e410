/**
 * Takes the pictures of the web viewer that the README shows: `npm run screenshots`. The lines are those of three made-up
 * containers, captured by real sidecars; the drops are real ones, of a fourth whose queue is small.
 *
 * Needs chromium (test/install-tools.sh).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const children = [];

/** @param {string[]} args */
function spillway(...args) {
  const child = spawn(process.execPath, [`${root}dist/cli/bin.js`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  return child;
}

/** @param {import('node:child_process').ChildProcess} child */
async function ready(child) {
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('"ready:')) return JSON.parse(line);
  }
  throw new Error('it ended before it was ready');
}

/** A container that prints as web applications do, `rate` lines a second. */
function printer(seed, rate) {
  return `
    let i = ${seed};
    const pick = (list) => list[(i * 7919) % list.length];
    const json = (level, fields, msg) => JSON.stringify({ level, time: Date.now(), ...fields, msg });
    const lines = [
      () => 'GET /api/orders/' + (1000 + i) + ' 200 in ' + (3 + (i * 31) % 40) + ' ms',
      () => json(30, { req: { id: i, method: pick(['GET', 'POST']), url: pick(['/checkout', '/cart', '/login']) }, responseTime: 4 + i % 30 }, 'request completed'),
      () => '\\u001b[32m✓\\u001b[0m cache warm in \\u001b[36mus-east-1\\u001b[0m after \\u001b[1m' + (20 + i % 70) + ' ms\\u001b[0m',
      () => json(20, { session: (i * 7919 % 99991).toString(16) }, 'session refreshed'),
      () => 'GET /api/items?page=' + i % 9 + ' 304 in ' + (1 + i % 5) + ' ms',
      () => json(40, { upstream: 'billing', attempt: 1 + i % 3 }, 'upstream is slow, trying again'),
      () => 'user ' + (4000 + i * 13 % 900) + ' signed in',
      () => json(50, { order: i, err: { name: 'Error', message: 'order ' + i + ' not found', stack: 'Error: order ' + i + ' not found\\n    at lookUp (/app/orders.js:41:11)\\n    at checkout (/app/checkout.js:17:23)\\n    at async handle (/app/host.js:38:9)' } }, 'checkout failed'),
    ];
    const order = [0, 1, 4, 2, 0, 3, 1, 6, 0, 4, 1, 5, 0, 1, 7, 4, 2];
    setInterval(() => { console.log(lines[order[i % order.length]]()); i += 1; }, ${Math.round(1000 / rate)});`;
}

const FLOOD = `let s = ''; for (let i = 0; i < 9000; i++) s += 'import: row ' + i + ' of 9000 written\\n'; process.stdout.write(s); setInterval(() => {}, 1e6)`;

const SIZE = { width: 1060, height: 580 };

/** @param {import('playwright-core').Page} page @param {string} name */
function save(page, name) {
  return page.screenshot({ path: `${root}docs/viewer-${name}.png`, type: 'png' });
}

async function main() {
  const any = 'tcp://127.0.0.1:*';
  const { publish, subscribe } = await ready(spillway('consolidator', '--publish', any, '--subscribe', any));
  const { url } = await ready(spillway('relay', '--from', subscribe, '--listen', '127.0.0.1:0'));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  /** @param {import('playwright-core').BrowserContextOptions} options */
  const open = async (options) => {
    const context = await browser.newContext({ viewport: SIZE, deviceScaleFactor: 1.35, ...options });
    const page = await context.newPage();
    await page.goto(`${url}/#acme`);
    return page;
  };
  const dark = await open({ colorScheme: 'dark' });
  const light = await open({ colorScheme: 'light' });
  const narrow = await open({
    colorScheme: 'dark',
    viewport: { width: 360, height: 640 },
    deviceScaleFactor: 2,
  });
  const drops = await open({ colorScheme: 'light' });
  const who = (name) => [
    'sidecar',
    '--tenant',
    'acme',
    '--container',
    name,
    '--to',
    publish,
    '--no-passthrough',
  ];
  for (const [i, name] of ['web-1', 'api-2', 'worker-7'].entries()) {
    spillway(...who(name), '--', process.execPath, '-e', printer(100 + i * 40, [9, 6, 4][i]));
  }
  await dark.waitForTimeout(9_000);
  await save(dark, 'dark');
  await light.fill('#query', '/order|checkout/');
  await light.click('#mode-highlight');
  await light.waitForTimeout(500);
  await save(light, 'light');
  await save(narrow, 'narrow');
  await dark.click('#mode-highlight');
  await dark.fill('#query', 'checkout failed');
  for (const key of ['Shift+Enter', 'Escape', 'Enter']) await dark.keyboard.press(key);
  await dark.waitForSelector('aside .tree');
  await dark.mouse.move(5, 5);
  await dark.waitForTimeout(1_500);
  await save(dark, 'record');
  spillway(
    ...who('import'),
    '--hwm',
    '100',
    '--overflow',
    'drop-newest',
    '--',
    process.execPath,
    '-e',
    FLOOD,
  );
  await drops.fill('#query', '/row \\d?5 |GET/');
  await drops.waitForSelector('.row[data-kind="notice"]');
  await drops.waitForSelector('#drops:not([hidden])');
  await drops.waitForTimeout(600);
  await drops.click('#drops');
  await drops.waitForTimeout(300);
  await save(drops, 'drops');
  await browser.close();
}

try {
  await main();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(
    children.map((child) => (child.exitCode ?? child.signalCode) === null && once(child, 'exit')),
  );
}

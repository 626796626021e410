import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { CHROMIUM } from '../support/programs.js';

/** Anything with tap's teardown. */
interface Test {
  teardown(handler: () => unknown): void;
}

/** One browser for a file of tests: each page has a context, and so a storage, of its own. */
export async function startBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-quic',
      '--enable-precise-memory-info',
      '--js-flags=--expose-gc',
    ],
  });
  t.teardown(() => browser.close());
  return browser;
}

const WAIT_MS = 20_000;

/** The viewer in a browser, as its reader sees it. */
export class Viewer {
  readonly page: Page;
  /** What the page complained of: errors, and what its policy forbade. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      // A relay that is down is told in the page; the browser's own log of it is no complaint.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
  }

  static async open(t: Test, browser: Browser, address: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 720 },
      reducedMotion: 'reduce',
      ...options,
    });
    t.teardown(() => context.close());
    const viewer = new Viewer(await context.newPage());
    await viewer.page.goto(address);
    return viewer;
  }

  /** The text of the rows in sight, top to bottom. */
  rows(): Promise<string[]> {
    return this.page.$$eval('.row:not([hidden]) .text', (texts) => texts.map((text) => text.textContent));
  }

  /** Waits until a row in sight says so. */
  async sees(text: string): Promise<void> {
    await this.until(async () => (await this.rows()).some((row) => row.includes(text)), `a row with ${text}`);
  }

  /** Waits until the rows in sight are these. */
  async shows(...texts: readonly string[]): Promise<void> {
    const wanted = texts.join('\n');
    await this.until(async () => (await this.rows()).join('\n') === wanted, `the rows ${texts.join(' | ')}`);
  }

  /** Waits until the element is in sight and its text matches; answers the text. */
  async reads(selector: string, pattern: RegExp): Promise<string> {
    let text = '';
    await this.until(
      async () => {
        text = await this.page.$$eval(selector, ([found]) =>
          found?.checkVisibility() ? found.textContent.trim() : '',
        );
        return pattern.test(text);
      },
      () => `${selector} with ${pattern} (it reads ${JSON.stringify(text)})`,
    );
    return text;
  }

  /** Asks from here: the page's policy forbids Playwright's own waiting, which evaluates strings in the page. */
  async until(isDone: () => Promise<boolean>, what: string | (() => string)): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (!(await isDone())) {
      if (performance.now() > deadline) {
        throw new Error(
          `waited ${WAIT_MS / 1000} s for ${typeof what === 'string' ? what : what()}; rows: ${(await this.rows()).slice(-5).join(' | ')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async isLive(): Promise<void> {
    await this.reads('#status', /^live, 1 VM$/);
  }

  /** Row nodes, seen or not. */
  nodes(): Promise<number> {
    return this.page.$$eval('.row', (rows) => rows.length);
  }
}

import type { Test } from 'tap';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { spillway, startParts, type Parts } from '../support/processes.js';
import { needsChromium } from '../support/programs.js';
import { startBrowser, Viewer } from './browser.js';

/** One browser and one relay for a file of tests. */
export class Reading {
  #browser: Browser | undefined;
  #parts: Parts | undefined;

  constructor(t: Test) {
    t.before(async () => {
      if (needsChromium() !== false) return;
      this.#browser = await startBrowser(t);
      this.#parts = await startParts(t);
    });
  }

  get parts(): Parts {
    return this.#parts as Parts;
  }

  /** The viewer at a place behind the relay's address. */
  open(t: Test, place = '', options?: BrowserContextOptions): Promise<Viewer> {
    return Viewer.open(t, this.#browser as Browser, new URL(place, this.parts.url).href, options);
  }

  /** The viewer on a stream, connected: the relay has told it as a consumer from how many VMs it reads. */
  async read(t: Test, stream: string, options?: BrowserContextOptions): Promise<Viewer> {
    const viewer = await this.open(t, `/#${stream}`, options);
    await viewer.isLive();
    return viewer;
  }

  /** A container whose lines the test writes. */
  container(t: Test, name: string) {
    const whose = ['--tenant', 'acme', '--container', name, '--to', this.parts.publish, '--no-passthrough'];
    const { child } = spillway(t, ['sidecar', ...whose], 'pipe');
    child.stdout?.resume();
    return (...lines: readonly string[]) => child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }
}

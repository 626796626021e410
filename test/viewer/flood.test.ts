/**
 * 10,000 lines a second into the page, after a burst of more than it keeps. Bounds are asserted; frames are measured and
 * printed, for they depend on the machine. `npm run soak:viewer` makes it last two minutes.
 */
import t from 'tap';
import { sidecar, startParts } from '../support/processes.js';
import { needsChromium } from '../support/programs.js';
import { startBrowser, Viewer } from './browser.js';

const SECONDS = Number(process.env['SPILLWAY_VIEWER_SECONDS'] ?? 5);
const RATE = 10_000;
const BURST = 60_000;
const MAX_HEAP = 200 * 1024 * 1024;
/** What the heap may grow by once the page keeps all that it ever will. */
const MAX_GROWTH = 20 * 1024 * 1024;

const PRINTER = `
  let n = 0;
  const line = () => 'request ' + n++ + ' ' + 'GET /api/orders/42?page=7 200 in 13 ms, as an application logs it, with some text to it'.padEnd(150, '.') + '\\n';
  const print = (count) => { let s = ''; while (count-- > 0) s += line(); process.stdout.write(s); };
  print(${BURST});
  const began = performance.now();
  setInterval(() => print(${BURST} + (performance.now() - began) / 1000 * ${RATE} - n), 20);`;

const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);

void t.test(
  'at 10,000 lines a second the page stays small and whole',
  { skip: needsChromium() },
  async (t) => {
    const browser = await startBrowser(t);
    const parts = await startParts(t);
    const viewer = await Viewer.open(t, browser, `${parts.url}/#acme/web-1`);
    await viewer.isLive();
    const { page } = viewer;
    sidecar(t, parts.publish, 'web-1', [process.execPath, '-e', PRINTER]);
    await viewer.reads('#kept', /^50,000 kept, [\d,]+ older ones let go$/);
    const heapOf = () =>
      page.evaluate(() => {
        (globalThis as unknown as { gc: () => void }).gc();
        return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;
      });
    const before = await heapOf();
    const { frames, nodes } = await page.evaluate(async (ms) => {
      const frames: number[] = [];
      let nodes = 0;
      const end = performance.now() + ms;
      let last = performance.now();
      while (last < end) {
        const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
        frames.push(now - last);
        last = now;
        nodes = Math.max(nodes, document.querySelectorAll('.row').length);
      }
      return { frames: frames.slice(1).toSorted((a, b) => a - b), nodes };
    }, SECONDS * 1000);
    const at = (share: number) => Math.round(frames[Math.floor(frames.length * share)] ?? 0);
    const rate = await page.textContent('#rate');
    const heap = await heapOf();
    t.comment(
      `figure: ${SECONDS} s at ${rate}: frames p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(0.9999)} ms; heap ${mib(before)} MB, then ${mib(heap)} MB; ${nodes} row nodes`,
    );
    t.ok(nodes <= 100, `${nodes} row nodes`);
    t.ok(heap <= MAX_HEAP, `${heap} bytes of heap`);
    t.ok(heap - before <= MAX_GROWTH, `grown by ${heap - before} bytes`);
    t.match(await page.textContent('#kept'), /^50,000 kept/);
    // The page answers while lines pour in.
    await page.keyboard.press('Space');
    await viewer.reads('#pause', /Paused/);
    const rows = await viewer.rows();
    await viewer.reads('#fresh', /^\+[\d,]+ new/);
    t.same(await viewer.rows(), rows, 'paused, it stands still');
    await page.fill('#query', '/request \\d+77 /');
    await viewer.reads('#found', /^\d+ of 50,000$/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+G');
    await viewer.reads('#pause', /Following/);
    t.same(viewer.complaints, []);
  },
);

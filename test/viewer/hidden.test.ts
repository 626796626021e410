/** A page that nobody looks at has no frames, and is to read on: the relay drops what a reader does not take. */
import t from 'tap';
import { sidecar, startParts } from '../support/processes.js';
import { needsChromium } from '../support/programs.js';
import { startBrowser } from './browser.js';
import { Tab } from './tab.js';

/** So busy that the page has nearly always a frame to wait for. */
const BUSY = `let i=0;setInterval(()=>{for(let k=0;k<20;k++)console.log('line '+i++)},2)`;

/** From now on the document tells of each batch that the page has taken. */
const TELL = `{
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message) {
    if (message.type === 'take') document.dispatchEvent(new Event('taken'));
    return post.call(this, message);
  };
}`;

/** Whether the page, once it is hidden or seen, takes more. */
const reads = (hidden: boolean) => `(async () => {
  const told = (name) => new Promise((resolve) => document.addEventListener(name, resolve, { once: true }));
  while (document.hidden !== ${hidden}) await told('visibilitychange');
  const late = new Promise((resolve) => setTimeout(resolve, 20_000, 'late'));
  for (let batch = 0; batch < 5; batch++) if ((await Promise.race([told('taken'), late])) === 'late') return false;
  return true;
})()`;

void t.test('a busy stream is read on while its tab is hidden', { skip: needsChromium() }, async (t) => {
  const browser = await startBrowser(t);
  const parts = await startParts(t);
  const tab = await Tab.open(t, browser, `${parts.url}/#acme/web-1`);
  const other = await Tab.open(t, browser, 'about:blank');
  sidecar(t, parts.publish, 'web-1', [process.execPath, '-e', BUSY]);
  await tab.evaluate(TELL);
  // Whether a frame is waited for in the moment of the switch is left to chance: many switches, and it was in some.
  for (let round = 1; round <= 10; round++) {
    await tab.toFront();
    t.ok(await tab.evaluate(reads(false)), `seen, round ${round}`);
    await other.toFront();
    if (!t.ok(await tab.evaluate(reads(true)), `hidden, round ${round}`)) return;
  }
});

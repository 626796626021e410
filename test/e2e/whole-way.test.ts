import t, { type Test } from 'tap';
import { chromium } from 'playwright-core';
import { droppedOf, linesOf, readNdjson } from '../support/readers.js';
import { sidecar, startParts, type Parts } from '../support/processes.js';
import { CHROMIUM, needsChromium } from '../support/programs.js';

const LINES = 200_000;
const COUNTER = `let s=''; for (let i=0;i<${LINES};i++){ s+='line '+i+'\\n'; if(s.length>60000){process.stdout.write(s); s=''} } process.stdout.write(s)`;

function flood(t: Test, { publish }: Parts, options: readonly string[] = []) {
  return sidecar(t, publish, 'web-1', [process.execPath, '-e', COUNTER], options);
}

/** What a page counts: lines, drops that it was told of, and lines that came out of order. */
interface Counted {
  lines: number;
  dropped: number;
  disorder: number;
}

async function readInChromium(t: Test, origin: string, path: string) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${origin}/healthz`);
  await page.evaluate(
    (url) =>
      new Promise<void>((resolve) => {
        const counted = { lines: 0, dropped: 0, disorder: 0 };
        let last = -1;
        const source = new EventSource(url);
        source.addEventListener('open', () => resolve());
        source.addEventListener('message', ({ data }: MessageEvent) => {
          const number = Number(JSON.parse(data as string).msg.slice('line '.length));
          if (number <= last) counted.disorder += 1;
          last = number;
          counted.lines += 1;
        });
        source.addEventListener('dropped', ({ data }: MessageEvent) => {
          counted.dropped += JSON.parse(data as string).count;
        });
        Object.assign(globalThis, { counted });
      }),
    path,
  );
  return {
    /** Resolves when the page has seen all that there was, delivered or told. */
    async until(total: number): Promise<Counted> {
      await page.waitForFunction(
        (total) => {
          const { lines, dropped } = (globalThis as unknown as { counted: Counted }).counted;
          return lines + dropped >= total;
        },
        total,
        { timeout: 60_000, polling: 50 },
      );
      return page.evaluate(() => (globalThis as unknown as { counted: Counted }).counted);
    },
  };
}

void t.test(
  'a flood of 200,000 lines is accounted for by curl and by a browser',
  { skip: needsChromium() },
  async (t) => {
    const parts = await startParts(t);
    const path = '/v1/logs/tenant/acme/web-1';
    const reader = await readNdjson(t, `${parts.url}${path}`);
    const browser = await readInChromium(t, parts.url, path);
    const flooding = flood(t, parts);
    const [counted] = await Promise.all([
      browser.until(LINES),
      reader.until(() => reader.accounted >= LINES),
    ]);
    t.equal(await flooding.stop(), 0, 'the sidecar ends with the code of its command');

    t.equal(counted.lines + counted.dropped, LINES, 'the browser accounts for every line');
    t.equal(counted.disorder, 0, 'in order');
    const lines = linesOf(reader.records);
    t.equal(lines.length + droppedOf(reader.records), LINES, 'NDJSON accounts for every line');
    t.ok(isAscending(lines), 'in order');
  },
);

void t.test('with ?hwm=1000000 nothing of the flood is dropped', { skip: needsChromium() }, async (t) => {
  const parts = await startParts(t);
  const path = '/v1/logs/tenant/acme/web-1?hwm=1000000';
  const reader = await readNdjson(t, `${parts.url}${path}`);
  const browser = await readInChromium(t, parts.url, path);
  // Its own queue holds all of it: what a busy machine cannot take away in time is not this test's question.
  flood(t, parts, ['--hwm', String(LINES), '--hwm-bytes', '256MiB']);
  const [counted] = await Promise.all([browser.until(LINES), reader.until(() => reader.accounted >= LINES)]);
  const notices = reader.records.filter(({ dropped }) => dropped !== undefined);
  t.strictSame(notices, [], 'no notice');
  t.same(counted, { lines: LINES, dropped: 0, disorder: 0 });
  t.equal(linesOf(reader.records).length, LINES);
});

function isAscending(lines: readonly string[]): boolean {
  let last = -1;
  for (const line of lines) {
    const number = Number(line.slice('line '.length));
    if (!(number > last)) return false;
    last = number;
  }
  return true;
}

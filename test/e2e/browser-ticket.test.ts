import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { chromium, type Page } from 'playwright-core';
import { Cuttable } from '../support/cuttable.js';
import { bearer, Issuer, nowInSeconds, ticketFor } from '../support/issuer.js';
import { sidecar, startParts } from '../support/processes.js';
import { CHROMIUM, needsChromium } from '../support/programs.js';
import { until } from '../support/relay.js';

const WEB = 'tenant/acme/web-1/';
const PATH = '/v1/logs/tenant/acme/web-1';

/** Long enough for the browser's own three seconds before a reconnect on a busy machine. */
const TOKEN_S = 15;

/** What a page has seen of its stream. */
interface Seen {
  opened: number;
  lines: number;
  byes: string[];
  /** `EventSource.CLOSED` is 2: it has given up. */
  state: number;
}

/** A page of another origin than the relay's, as a console of a platform would be. */
async function startPage(t: Test): Promise<{ page: Page; serve: string }> {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>console</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'],
  });
  t.teardown(async () => {
    await browser.close();
    server.closeAllConnections();
  });
  const page = await browser.newPage();
  const serve = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await page.goto(serve);
  return { page, serve };
}

/** In the page: a ticket for the token, and an EventSource with it. */
async function follow(page: Page, base: string, token: string): Promise<void> {
  await page.evaluate(
    async ({ base, token, stream }) => {
      const answer = await fetch(`${base}/v1/tickets`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ stream }),
      });
      const { url } = (await answer.json()) as { url: string };
      const source = new EventSource(base + url, { withCredentials: true });
      const seen = { opened: 0, lines: 0, byes: [] as string[] };
      source.addEventListener('open', () => (seen.opened += 1));
      source.addEventListener('message', () => (seen.lines += 1));
      source.addEventListener('bye', ({ data }: MessageEvent) => {
        seen.byes.push((JSON.parse(data as string) as { reason: string }).reason);
      });
      Object.assign(globalThis, { seen, source });
    },
    { base, token, stream: WEB },
  );
}

async function untilSeen(page: Page, condition: (seen: Seen) => boolean, what: string): Promise<Seen> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const seen = await page.evaluate(() => {
      const { seen, source } = globalThis as unknown as { seen: Seen; source: EventSource };
      return { ...seen, state: source.readyState };
    });
    if (condition(seen)) return seen;
    if (performance.now() > deadline)
      throw new Error(`gave up waiting until ${what}: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

void t.test(
  "a browser comes back by itself when its ticket is over, until its token is, and no log holds either's text",
  { skip: needsChromium() },
  async (t) => {
    const issuer = await Issuer.start(t);
    const { page, serve } = await startPage(t);
    const gate = ['--jwks', issuer.url, '--jwt-leeway', '0', '--ticket-ttl', '500ms', '--cors', serve];
    const parts = await startParts(t, gate);
    sidecar(t, parts.publish, 'web-1', [
      process.execPath,
      '-e',
      'setInterval(() => console.log("tick"), 50)',
    ]);
    const way = await Cuttable.to(t, parts.url);
    const exp = nowInSeconds() + TOKEN_S;
    const token = await issuer.token({ exp });
    const { url, ticket, expires } = await ticketFor({ url: way.url }, token, WEB);
    await follow(page, way.url, token);
    const first = await untilSeen(page, ({ opened, lines }) => opened === 1 && lines > 0, 'lines come');

    await until(() => Date.now() > Date.parse(expires) + 500, 'its own ticket, the younger one, is over too');
    t.equal((await fetch(`${way.url}${url}`)).status, 401, 'the ticket opens nothing any more');
    way.cut();
    const second = await untilSeen(
      page,
      ({ opened, lines }) => opened === 2 && lines > first.lines,
      'it is back by itself, and lines come',
    );
    t.strictSame(second.byes, []);
    t.ok(Date.now() < exp * 1000, 'while the token is good');

    const last = await untilSeen(page, ({ state }) => state === 2, 'it has given up');
    t.ok(Date.now() >= exp * 1000, 'the token is over');
    t.strictSame(last.byes, ['expired']);
    t.equal(last.opened, 2);

    const [cookie] = await page.context().cookies(`${way.url}${PATH}`);
    t.equal(cookie, undefined, 'the cookie has gone with the token');
    // What went wrong is what gets logged most.
    for (const path of [
      `${url}&nonsense=1`,
      `/v1/nothing?ticket=${ticket}`,
      `${PATH}?access_token=${token}`,
    ]) {
      await fetch(`${way.url}${path}`, { headers: bearer(token) });
    }
    await parts.relay.stop();
    const log = parts.relay.log.join('\n');
    t.match(log, /ended/);
    t.notMatch(log, /ticket=/);
    for (const secret of [token, ticket, ...token.split('.').slice(1)]) t.notOk(log.includes(secret));
  },
);

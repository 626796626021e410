import { setTimeout as sleep } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { chromium } from 'playwright-core';
import t, { type Test } from 'tap';
import { startBalancer } from '../support/balancer.js';
import { countLines, type LineAccount } from '../support/line-account.js';
import { freePorts } from '../support/ports.js';
import {
  sidecar,
  startConsolidatorProcess,
  startRelayProcess,
  untilReady,
  type Part,
} from '../support/processes.js';
import { CHROMIUM, needsChromium } from '../support/programs.js';

/** `npm run soak:resume` kills a thousand times. */
const KILLS = Number(process.env['SPILLWAY_RESUME_KILLS'] ?? 24);

const CONTAINERS = ['web-1', 'web-2'];

/** Prints 2,500 lines a second, and stops, with its last number, when its input says so. */
const PRINTER = `let n = 0; const start = Date.now();
const timer = setInterval(() => {
  const due = Math.floor((Date.now() - start) * 2.5); let text = '';
  while (n < due) text += 'line ' + n++ + '\\n';
  process.stdout.write(text);
}, 10);
process.on('SIGUSR2', () => { clearInterval(timer); process.stdout.write('line ' + n++ + '\\n', () => process.exit(0)); });`;

interface Reader {
  account(): Promise<LineAccount>;
}

function readWithPackage(t: Test, url: string): Reader {
  const source = new EventSource(url);
  t.teardown(() => source.close());
  const account = countLines(source);
  return { account: async () => account };
}

async function readInChromium(t: Test, origin: string, url: string): Promise<Reader> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${origin}/healthz`);
  // The function goes as text: the page has no other way to it.
  await page.evaluate(
    `globalThis.account = (${countLines.toString()})(new EventSource(${JSON.stringify(url)})); undefined`,
  );
  return {
    account: () => page.evaluate(() => (globalThis as unknown as { account: LineAccount }).account),
  };
}

/** A relay at a port of its own, started again each time that it is killed. */
class Mortal {
  readonly #start: () => Promise<Part>;
  #part: Part | undefined;

  constructor(start: () => Promise<Part>) {
    this.#start = start;
  }

  async live(): Promise<void> {
    this.#part = await this.#start();
  }

  /** Dies without a word; resolves when its successor is ready. */
  async die(): Promise<void> {
    await this.#part?.stop('SIGKILL');
    await this.live();
  }
}

const tcp = (port: number | undefined) => `tcp://127.0.0.1:${port}`;

async function setUp(t: Test) {
  const [publish, subscribe, replay, ...relayPorts] = await freePorts(5);
  const memory = ['--recent-bytes', '256MiB', '--recent-records', '1000000', '--http', 'off'];
  const from = `${tcp(subscribe)} replay=${tcp(replay)}`;
  const consolidator = new Mortal(async () => {
    const { part } = await startConsolidatorProcess(t, tcp(publish), tcp(subscribe), tcp(replay), memory);
    return part;
  });
  await consolidator.live();
  const relays = relayPorts.map(
    (port) =>
      new Mortal(async () => {
        const { part, url } = await startRelayProcess(t, from, [], `127.0.0.1:${port}`);
        await untilReady(url);
        return part;
      }),
  );
  for (const relay of relays) await relay.live();
  const balancer = await startBalancer(t, relayPorts);
  const printers = CONTAINERS.map((container) =>
    sidecar(t, tcp(publish), container, [process.execPath, '-e', PRINTER]),
  );
  const url = `${balancer.url}/v1/logs/tenant/acme?tail=1`;
  const readers = [
    readWithPackage(t, url),
    readWithPackage(t, url),
    await readInChromium(t, balancer.url, url),
  ];
  const until = async (condition: (account: LineAccount) => boolean) => {
    for (const reader of readers) while (!condition(await reader.account())) await sleep(50);
  };
  await until(({ first }) => CONTAINERS.every((container) => first[container] !== undefined));
  return {
    consolidator,
    relays,
    readers,
    until,
    /** Has the printers end, and resolves when every reader is at the same last line. */
    settle: async (): Promise<void> => {
      await Promise.all(
        printers.map(async (printer) => {
          // The command under the sidecar has the signal's meaning; the sidecar passes it on.
          printer.child.kill('SIGUSR2');
          await printer.ended;
        }),
      );
      for (;;) {
        const accounts = await Promise.all(readers.map((reader) => reader.account()));
        const lasts = accounts.map(({ next }) => JSON.stringify(CONTAINERS.map((name) => next[name])));
        if (new Set(lasts).size === 1) {
          await sleep(500);
          const after = await Promise.all(readers.map((reader) => reader.account()));
          if (after.every(({ lines }, i) => lines === accounts[i]?.lines)) return;
        }
        await sleep(100);
      }
    },
  };
}

void t.test(
  `relays are killed ${KILLS} times under 5,000 lines a second: every line once and in order`,
  { skip: needsChromium(), timeout: 120_000 + KILLS * 10_000 },
  async (t) => {
    const { relays, readers, until, settle } = await setUp(t);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = relays[Math.floor(Math.random() * relays.length)] as Mortal;
      await victim.die();
      const seen = await Promise.all(readers.map((reader) => reader.account()));
      const least = Math.min(...seen.map(({ lines }) => lines));
      // Somebody reads on before the next one dies; not all, so that some are cut while they are resuming.
      if (kill % 4 === 3) await until(({ lines }) => lines > least + 1_000);
      await sleep(Math.random() * 500);
    }
    await settle();
    const accounts = await Promise.all(readers.map((reader) => reader.account()));
    let opened = 0;
    for (const { repeats, missing, told, unknown, lines, ...account } of accounts) {
      t.strictSame({ repeats, missing, told, unknown }, { repeats: 0, missing: 0, told: 0, unknown: 0 });
      const due = CONTAINERS.map((name) => (account.next[name] ?? 0) - (account.first[name] ?? 0));
      t.equal(
        lines,
        due.reduce((a, b) => a + b),
      );
      opened += account.opened;
    }
    t.ok(opened > 3, `${opened} connections, ${accounts.map(({ lines }) => lines).join(' + ')} lines`);
  },
);

void t.test(
  'the consolidator is killed too: no line comes twice, and what is missing is told',
  { skip: needsChromium(), timeout: 120_000 },
  async (t) => {
    const { consolidator, relays, readers, until, settle } = await setUp(t);
    for (let round = 0; round < 3; round += 1) {
      await consolidator.die();
      if (round > 0) await (relays[round % 2] as Mortal).die();
      const seen = await Promise.all(readers.map((reader) => reader.account()));
      const most = Math.max(...seen.map(({ lines }) => lines));
      await until(({ lines }) => lines > most + 1_000);
    }
    await settle();
    for (const reader of readers) {
      const { repeats, missing, told, unknown } = await reader.account();
      t.equal(repeats, 0);
      t.ok(missing <= told || unknown > 0, `${missing} missing, ${told} told, ${unknown} times nobody knows`);
    }
  },
);

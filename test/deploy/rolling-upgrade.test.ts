import { createParser } from 'eventsource-parser';
import t, { type Test } from 'tap';
import { freePorts } from '../support/ports.js';
import { sidecar, spillway, untilReady, type Part } from '../support/processes.js';

/** Prints numbered lines, some hundred a second, and a last one when it is told to stop. */
const PRINTER = `
let n = 0;
const printing = setInterval(() => { for (let i = 0; i < 5; i++) console.log(process.argv[1] + ' ' + n++) }, 20);
process.on('SIGTERM', () => { clearInterval(printing); console.log(process.argv[1] + ' ' + n + ' last'); });
`;

interface Told {
  readonly count: number | null;
  readonly reason: string;
  readonly hop: string;
}

/** A reader as a browser is one: when its connection ends it comes back, to the next relay, with the last id it saw. */
class Resuming {
  /** By source, how often each number came. */
  readonly seen = new Map<string, Map<number, number>>();
  readonly ended = new Set<string>();
  readonly told: Told[] = [];
  reconnects = -1;
  #lastId = '';
  #closed = false;
  readonly #wake = new Set<() => void>();
  readonly #abort = new AbortController();

  constructor(t: Test, urls: readonly string[]) {
    t.teardown(() => this.close());
    void this.#run(urls);
  }

  close(): void {
    this.#closed = true;
    this.#abort.abort();
  }

  /** Lines in all. */
  get lines(): number {
    return [...this.seen.values()].reduce((sum, numbers) => sum + numbers.size, 0);
  }

  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!done()) return;
        this.#wake.delete(check);
        resolve();
      };
      this.#wake.add(check);
      check();
    });
  }

  /** Lines of every source have come since now. */
  async untilMore(): Promise<void> {
    const before = new Map([...this.seen].map(([name, numbers]) => [name, numbers.size]));
    await this.until(() => [...this.seen].every(([name, { size }]) => size > (before.get(name) ?? 0) + 20));
  }

  async #run(urls: readonly string[]): Promise<void> {
    for (let turn = 0; !this.#closed; turn += 1) {
      try {
        await this.#read(urls[turn % urls.length] as string);
      } catch {
        // Refused or cut: to the next one.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #read(url: string): Promise<void> {
    const headers = {
      Accept: 'text/event-stream',
      ...(this.#lastId !== '' && { 'Last-Event-ID': this.#lastId }),
    };
    const answer = await fetch(`${url}/v1/logs/tenant/acme`, { headers, signal: this.#abort.signal });
    if (!answer.ok || answer.body === null) return;
    this.reconnects += 1;
    let bye = false;
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        if (id !== undefined) this.#lastId = id;
        if (event === undefined) this.#record(JSON.parse(data) as { msg: string });
        else if (event === 'dropped') this.told.push(JSON.parse(data) as Told);
        else if (event === 'bye') bye = true;
        this.#wake.forEach((check) => check());
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (bye) break;
    }
  }

  #record({ msg }: { msg: string }): void {
    const [name = '', number = '', last] = msg.split(' ');
    const numbers = this.seen.get(name) ?? new Map<number, number>();
    this.seen.set(name, numbers.set(Number(number), (numbers.get(Number(number)) ?? 0) + 1));
    if (last !== undefined) this.ended.add(name);
  }
}

void t.test(
  'Relays and consolidators are replaced one by one under load.',
  { timeout: 90_000 },
  async (t) => {
    const ports = await freePorts(8);
    const [pubA, subA, replayA, pubB, subB, replayB, httpA, httpB] = ports.map(
      (port) => `127.0.0.1:${port}`,
    ) as [string, string, string, string, string, string, string, string];
    const consolidator = async (publish: string, subscribe: string, replay: string): Promise<Part> => {
      const ends = [
        `--publish=tcp://${publish}`,
        `--subscribe=tcp://${subscribe}`,
        `--replay=tcp://${replay}`,
      ];
      const part = spillway(t, ['consolidator', ...ends, '--http=off']);
      await part.line(/"ready:/);
      return part;
    };
    const from = [
      [subA, replayA],
      [subB, replayB],
    ].map(([subscribe, replay]) => `--from=tcp://${subscribe} replay=tcp://${replay}`);
    const relay = async (listen: string): Promise<Part> => {
      const part = spillway(t, ['relay', ...from, `--listen=${listen}`]);
      await part.line(/"ready:/);
      await untilConnected(`http://${listen}`, 2);
      return part;
    };

    const consolidators = [await consolidator(pubA, subA, replayA), await consolidator(pubB, subB, replayB)];
    const relays = [await relay(httpA), await relay(httpB)];
    const reader = new Resuming(t, [`http://${httpA}`, `http://${httpB}`]);
    await reader.until(() => reader.reconnects === 0);
    const printers = [pubA, pubB].map((publish, i) =>
      sidecar(t, `tcp://${publish}`, `web-${i}`, [process.execPath, '-e', PRINTER, `web-${i}`]),
    );
    await reader.until(() => reader.seen.size === 2);

    // Twice around: the second time, relays and consolidators have each met those that are new.
    for (let round = 0; round < 2; round += 1) {
      for (const [i, listen] of [httpA, httpB].entries()) {
        t.equal(await (relays[i] as Part).stop(), 0);
        relays[i] = await relay(listen);
        await reader.untilMore();
      }
      for (const [i, ends] of (
        [
          [pubA, subA, replayA],
          [pubB, subB, replayB],
        ] as const
      ).entries()) {
        t.equal(await (consolidators[i] as Part).stop(), 0);
        consolidators[i] = await consolidator(...ends);
        await reader.untilMore();
      }
    }
    for (const printer of printers) printer.child.kill('SIGTERM');
    await reader.until(() => reader.ended.size === 2);

    const all = [...reader.seen.values()];
    const twice = all.flatMap((numbers) => [...numbers.values()].filter((times) => times > 1)).length;
    // From a source's first line, which came while the reader was there, to its last.
    const missing = all.reduce((sum, numbers) => sum + Math.max(...numbers.keys()) + 1 - numbers.size, 0);
    const told = reader.told.reduce((sum, { count }) => sum + (count ?? 0), 0);
    t.comment(`figure: ${reader.lines} lines, ${reader.reconnects} reconnects, ${missing} lost`);
    t.ok(reader.reconnects >= 2, 'it did come back, to another relay');
    t.equal(twice, 0, 'each record once');
    t.equal(told, missing, `every loss is told: ${JSON.stringify(reader.told)}`);
    t.strictSame(
      reader.told.filter(({ count }) => count === null),
      [],
      'with its number',
    );
  },
);

/** Waits until the relay reads so many consolidators. */
async function untilConnected(url: string, count: number): Promise<void> {
  await untilReady(url);
  for (;;) {
    const text = await (await fetch(`${url}/readyz`)).text();
    if (text.startsWith(`${count} `)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

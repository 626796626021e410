import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { CONSUMER_OVERFLOW, unaccounted } from '../../accounting/index.js';
import type { Archive, PageAsked } from '../../relay/archive.js';
import { RelayCore } from '../../relay/core.js';
import type { Joined, JoinRequest } from '../../relay/joined.js';
import { resolveRelayOptions, type RelayOptions } from '../../relay/options.js';
import type { PastAsked } from '../../relay/rejoin.js';
import { formatMark, MAX_PAGE_BYTES, type RememberedBatch, type ReplayPage } from '../../wire/index.js';
import { framesOf, numberedLines, readSse, TwinConnection, TwinUpstream, until } from '../support/relay.js';

const ACME = { class: 'tenant', tenant: 'acme' } as const;
const TOPIC = 'tenant/acme/web-1/';
const BUFFER = { hwm: 100_000, hwmBytes: 1 << 28, overflow: 'drop-oldest' } as const;
const BATCH = 100;

interface Memory {
  readonly records: number;
  /** In each of them. */
  readonly fields?: object;
}

/** The records of one stream as a consolidator remembers them, from offset 0 on. */
class TwinArchive implements Archive {
  readonly nodes = new Map([['A', { remembers: true }]]);
  readonly isSettled = true;
  readonly asked: PageAsked[] = [];
  /** While it is set no page comes. */
  held: Promise<void> | undefined;
  readonly #batches: RememberedBatch[] = [];

  constructor({ records, fields = { padding: 'x'.repeat(120) } }: Memory) {
    for (let offset = 0; offset < records; offset += BATCH) this.remember(offset, BATCH, fields);
  }

  remember(offset: number, count: number, fields: object = {}): void {
    const body = Buffer.from(linesOf(offset, count, fields));
    this.#batches.push({ topic: TOPIC, offset, count, at: offset, body, sidecar: 0, transit: 0 });
  }

  async settled(): Promise<void> {}

  async met(): Promise<void> {}

  async page(node: string, asked: PageAsked): Promise<ReplayPage> {
    this.asked.push(asked);
    await this.held;
    await nextTurn();
    const { start, until: end } = asked;
    let from = 0;
    if ('from' in start) from = start.from;
    if ('tail' in start) from = Math.max(0, end - start.tail);
    const batches: RememberedBatch[] = [];
    let bytes = 0;
    for (const batch of this.#batches) {
      if (batch.offset + batch.count <= from || batch.offset >= end) continue;
      if (bytes + batch.body.length > MAX_PAGE_BYTES) break;
      batches.push(batch);
      bytes += batch.body.length;
    }
    const last = batches.at(-1);
    const next = last === undefined ? end : last.offset + last.count;
    return { kind: 'page', id: 0, node, head: end, from, next, forgotten: 0, batches };
  }
}

function linesOf(first: number, count: number, fields: object): string {
  return numberedLines(first, count, fields)
    .map((line) => `${line}\n`)
    .join('');
}

function setUp(t: Test, memory: Memory, options: RelayOptions = {}) {
  const archive = new TwinArchive(memory);
  const upstream = new TwinUpstream();
  const core = new RelayCore(resolveRelayOptions({ noticeInterval: 1, ...options }), (handlers) =>
    Object.assign(upstream.connect(handlers), { archive }),
  );
  t.teardown(() => core.close());
  let sent = memory.records;
  const up = { at: 0, holds: true, up: 1e9 };
  const readers: { connection: TwinConnection; joined: Joined }[] = [];
  return {
    core,
    archive,
    join: (past: PastAsked, more: Partial<JoinRequest> = {}, flowing = true) => {
      const connection = new TwinConnection();
      connection.flowing = flowing;
      const request = { stream: ACME, format: 'sse', filter: {}, buffer: BUFFER, past, ...more } as const;
      const joined = core.join(request, connection);
      upstream.message(formatMark({ prefix: 'tenant/acme/', node: 'A', offset: memory.records - 1, ...up }));
      const reader = { connection, joined };
      readers.push(reader);
      return reader;
    },
    /** Comes live, behind what is remembered. */
    print: (count: number) => {
      const ledger = { src: 'live', first: sent, node: 'A', offset: sent, transit: 0, at: Date.now() };
      archive.remember(sent, count);
      upstream.message(framesOf(TOPIC, numberedLines(sent, count), ledger));
      sent += count;
    },
  };
}

function promised() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const position = (offset: number) => ({ cursor: new Map([['A', offset]]) });

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function numbersOf({ connection }: { connection: TwinConnection }): number[] {
  return readSse(connection.text).flatMap((item) => ('record' in item ? [item.record] : []));
}

function noticesOf({ connection }: { connection: TwinConnection }) {
  return readSse(connection.text).flatMap((item) => ('notice' in item ? [item.notice] : []));
}

/** A `status` with a position: the past is over. */
const isPlaced = ({ connection }: { connection: TwinConnection }) =>
  /event: status\nid: /.test(connection.text);

void t.test('the pasts of many at once stay within their room, and each comes whole', async (t) => {
  const maxReplayBytes = 2 * 1024 * 1024;
  const { core, join } = setUp(t, { records: 8_000 }, { maxReplayBytes });
  const readers = range(0, 20).map((i) => join({ tail: 5_000 + i }, {}, false));
  let most = 0;
  let rest = readers;
  while (rest.length > 0) {
    most = Math.max(most, core.buffered);
    for (const { connection } of rest) connection.take();
    await nextTurn();
    rest = rest.filter(({ joined, connection }) => {
      return joined.consumer.waiting || joined.consumer.balance.queued > 0 || connection.stalled;
    });
  }
  t.ok(most > maxReplayBytes, `several are there at a time: ${most}`);
  t.ok(most <= 4 * maxReplayBytes, `they hold no more than there is room for: ${most}`);
  for (const [i, reader] of readers.entries()) {
    const numbers = numbersOf(reader);
    t.match([numbers.length, numbers[0], numbers.at(-1)], [5_000 + i, 3_000 - i, 7_999]);
    t.ok(isPlaced(reader));
  }
  await until(() => core.buffered === 0, 'and nothing is held for who might come');
});

void t.test('who leaves while waiting frees its place, whether it was being served or not', async (t) => {
  const { core, archive, join } = setUp(t, { records: 1_000 });
  const { promise, resolve } = promised();
  archive.held = promise;
  const readers = range(0, 10).map((i) => join({ tail: 100 + i }));
  const tails = () => archive.asked.map(({ start }) => ('tail' in start ? start.tail : undefined));
  await until(() => tails().length === 8, 'eight are asked for');
  core.leave(readers[8]!.joined.consumer);
  core.leave(readers[0]!.joined.consumer);
  await until(() => tails().length === 9, 'another one is');
  t.strictSame(tails(), [...range(100, 108), 109]);
  resolve();
  for (const i of [...range(1, 8), 9]) {
    await until(() => isPlaced(readers[i]!), 'it has its past');
    t.equal(numbersOf(readers[i]!).length, 100 + i);
  }
  for (const { joined } of readers) core.leave(joined.consumer);
  await until(() => core.buffered === 0, 'nothing is held');
});

void t.test(
  'who asks for the same shares one recall, as long as the last records are the last',
  async (t) => {
    const { archive, core, join, print } = setUp(t, { records: 1_000 });
    const { promise, resolve } = promised();
    archive.held = promise;
    const same = range(0, 50).map(() => join({ tail: 300 }));
    const other = join({ tail: 300 }, { filter: { q: 'line 99' } });
    await until(() => archive.asked.length === 2, 'both are asked for');
    const late = join({ tail: 300 });
    await nextTurn();
    resolve();
    for (const reader of [...same, late]) {
      await until(() => isPlaced(reader), 'it has its past');
      t.strictSame(numbersOf(reader), range(700, 1_000));
    }
    await until(() => isPlaced(other), 'it has its own');
    t.strictSame(numbersOf(other), [99, ...range(990, 1_000)]);
    const again = join({ tail: 300 });
    await until(() => isPlaced(again), 'nothing has come since');
    t.equal(archive.asked.filter(({ start }) => 'tail' in start).length, 1);
    print(1);
    join({ tail: 300 });
    await until(
      () => archive.asked.filter(({ start }) => 'tail' in start).length === 2,
      'something has come',
    );
    t.ok(core.size > 0);
  },
);

void t.test('what comes while a past waits, is fetched and put together follows it, once', async (t) => {
  const { archive, join, print } = setUp(t, { records: 3_000 });
  const { promise, resolve } = promised();
  archive.held = promise;
  const asked: PastAsked[] = [
    ...range(0, 12).map((i) => ({ tail: 2_000 + i })),
    position(1_234),
    position(0),
  ];
  const readers = asked.map((past) => join(past));
  await until(() => archive.asked.length === 8, 'eight are asked for');
  print(5);
  resolve();
  const over = () => readers.every(isPlaced);
  for (let i = 0; i < 2_000 && !over(); i += 1) {
    print(1);
    await nextTurn();
  }
  await until(over, 'all have their past');
  print(1);
  const last = Math.max(...numbersOf(readers[0]!));
  await until(() => readers.every((reader) => numbersOf(reader).at(-1)! >= last), 'and the live stream');
  for (const [i, reader] of readers.entries()) {
    const numbers = numbersOf(reader);
    t.strictSame(numbers, range(numbers[0]!, numbers[0]! + numbers.length));
    if (i === 12) t.equal(numbers[0], 1_234);
    if (i === 13) t.equal(numbers[0], 0);
    t.strictSame(noticesOf(reader), []);
  }
});

void t.test('threat: readers that do not read keep the past from nobody, and are told', async (t) => {
  const { core, join } = setUp(t, { records: 8_000 }, { maxReplayBytes: 1024 * 1024 });
  const stalled = range(0, 6).map((i) => join({ tail: 2_500 + i }, {}, false));
  const reader = join({ tail: 2_600 });
  await until(() => isPlaced(reader), 'it has its past');
  t.equal(numbersOf(reader).length, 2_600);
  const losers = stalled.filter(({ joined }) => joined.consumer.losses[CONSUMER_OVERFLOW] > 0);
  t.ok(losers.length > 0, 'somebody had to do without');
  for (const { joined } of stalled) t.equal(unaccounted(joined.consumer.balance), 0, 'the law holds');
  for (const loser of losers) {
    const { connection, joined } = loser;
    const lost = joined.consumer.losses[CONSUMER_OVERFLOW];
    connection.flowing = true;
    connection.take();
    await until(() => noticesOf(loser).length > 0, 'it is told');
    t.match(noticesOf(loser), [{ count: lost, reason: 'consumer-overflow' }]);
    t.equal(numbersOf(loser).length + lost, joined.consumer.balance.matched);
  }
  t.ok(core.buffered <= 4 * 1024 * 1024);
});

void t.test(
  'a past that is larger as it is written than as it came loses its oldest, and tells it',
  async (t) => {
    const fields = { name: 'a', hostname: 'h', pid: 1, v: 0, level: 30, time: '', deep: [[[[[[1, 2, 3]]]]]] };
    const memory = { records: 2_000, fields: { ...fields, more: Array.from({ length: 200 }, () => [[1]]) } };
    const maxReplayBytes = 4 * 1024 * 1024;
    const { core, join } = setUp(t, memory, { maxReplayBytes });
    const reader = join({ since: 0 }, { format: 'text' }, false);
    await until(() => !reader.joined.consumer.waiting, 'it has begun');
    t.ok(core.buffered <= maxReplayBytes + MAX_PAGE_BYTES, `${core.buffered}`);
    const { queued } = reader.joined.consumer.balance;
    reader.connection.flowing = true;
    reader.connection.take();
    await until(() => reader.joined.consumer.balance.queued === 0, 'it has its past');
    const [, count] = /(\d+) records left out/.exec(reader.connection.text.slice(0, 500)) ?? [];
    t.equal(Number(count) + queued, 2_000, reader.connection.text.slice(0, 300));
  },
);

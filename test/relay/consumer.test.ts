import t from 'tap';
import { lossOf, NO_LOSSES, RELAY_TRANSIT, unaccounted } from '../../accounting/index.js';
import { Consumer, type ConsumerOptions } from '../../relay/consumer.js';
import { ENCODERS, type Format } from '../../relay/encode/index.js';
import { createFilter, type FilterSpec } from '../../relay/filter.js';
import { View } from '../../relay/view.js';
import {
  batchOf,
  CONSUMER_OPTIONS,
  numberedLines,
  readNdjson,
  readSse,
  TwinConnection,
  TwinHost,
  type Item,
} from '../support/relay.js';

function setUp(
  options: Partial<ConsumerOptions> = {},
  {
    format = 'ndjson',
    filter = {},
    chunked = true,
  }: { format?: Format; filter?: FilterSpec; chunked?: boolean } = {},
) {
  const host = new TwinHost();
  const view = new View(ENCODERS[format], createFilter(filter));
  const connection = new TwinConnection(chunked);
  const consumer = new Consumer(view, connection, { ...CONSUMER_OPTIONS, ...options }, host);
  let next = 0;
  return {
    host,
    view,
    connection,
    consumer,
    append: (count: number, at = 0) => {
      view.append(batchOf(numberedLines(next, count), { at }), 0, '');
      next += count;
    },
    lose: (count: number) => {
      const losses = lossOf(RELAY_TRANSIT, count);
      view.appendLosses(losses, { since: host.time, until: host.time });
    },
    /** What a core does once a turn. */
    turn: () => {
      consumer.pump();
      consumer.enforce();
    },
    items: () => (format === 'sse' ? readSse : readNdjson)(connection.text),
  };
}

/** Runs of records as `first-last`, notices as `-count reason`. */
function outline(items: readonly Item[]): string[] {
  const words: string[] = [];
  let run: { first: number; last: number } | undefined;
  const close = () => {
    if (run) words.push(`${run.first}-${run.last}`);
    run = undefined;
  };
  for (const item of items) {
    if ('record' in item) {
      if (run?.last !== item.record - 1) close();
      run = { first: run?.first ?? item.record, last: item.record };
    } else {
      close();
      words.push('notice' in item ? `-${item.notice.count} ${item.notice.reason}` : item.event);
    }
  }
  close();
  return words;
}

void t.test('a consumer that keeps up gets every record in one write a turn', async (t) => {
  const { append, turn, connection, consumer, items } = setUp();
  for (let i = 0; i < 3; i += 1) {
    append(5);
    append(5);
    turn();
    connection.take();
  }
  t.strictSame(outline(items()), ['0-29']);
  t.equal(connection.writes, 3);
  t.strictSame(consumer.balance, { matched: 30, delivered: 30, dropped: 0, queued: 0 });
  t.equal(consumer.drained, true);
});

void t.test('a consumer begins where the stream is when it comes', async (t) => {
  const { append, view, host } = setUp();
  append(7);
  const connection = new TwinConnection();
  const late = new Consumer(view, connection, CONSUMER_OPTIONS, host);
  append(2);
  late.pump();
  t.strictSame(outline(readNdjson(connection.text)), ['7-8']);
  t.equal(late.balance.matched, 2);
});

void t.test(
  'drop-oldest keeps the newest, and its notice stands where the records are missing',
  async (t) => {
    const { append, turn, connection, consumer, items } = setUp({ hwm: 10 });
    append(1);
    turn();
    append(25);
    turn();
    t.strictSame(consumer.balance, { matched: 26, delivered: 1, dropped: 15, queued: 10 });
    connection.take();
    connection.take();
    t.strictSame(outline(items()), ['0-0', '-15 consumer-overflow', '16-25']);
    t.equal(unaccounted(consumer.balance), 0);
  },
);

void t.test('drop-newest keeps the oldest, and its notice stands behind them', async (t) => {
  const { append, turn, connection, consumer, items } = setUp({ hwm: 10, overflow: 'drop-newest' });
  append(1);
  turn();
  append(25);
  turn();
  t.strictSame(consumer.balance, { matched: 26, delivered: 1, dropped: 15, queued: 10 });
  append(3);
  turn();
  t.equal(consumer.balance.dropped, 18, 'what comes while it is full is dropped');
  while (connection.take());
  append(2);
  turn();
  connection.take();
  t.strictSame(outline(items()), ['0-10', '-18 consumer-overflow', '29-30']);
});

void t.test('disconnect says what was dropped and why, and ends', async (t) => {
  const { append, turn, connection, consumer, host, items } = setUp(
    { hwm: 10, overflow: 'disconnect' },
    { format: 'sse' },
  );
  append(1);
  turn();
  append(11);
  turn();
  t.strictSame(outline(items()), ['0-0', '-11 consumer-overflow', 'bye']);
  t.equal(connection.ended, true);
  t.strictSame(host.ended, [consumer]);
  append(5);
  turn();
  connection.take();
  t.equal(connection.writes, 2, 'nothing is written any more');
});

void t.test('the mark in bytes holds as the mark in records does', async (t) => {
  const { append, turn, connection, consumer, view, items } = setUp({ hwmBytes: 1_000 });
  append(1);
  turn();
  const before = view.bytes;
  append(20);
  const size = (view.bytes - before) / 20;
  turn();
  const kept = Math.floor(1_000 / size);
  t.equal(consumer.balance.queued, kept);
  connection.take();
  connection.take();
  t.strictSame(outline(items()), ['0-0', `-${20 - kept} consumer-overflow`, `${21 - kept}-20`]);
});

void t.test('a queue at its mark is not over it', async (t) => {
  const { append, turn, consumer } = setUp({ hwm: 10 });
  append(1);
  turn();
  append(10);
  t.equal(consumer.pump(), false);
  consumer.enforce();
  t.equal(consumer.balance.dropped, 0);
  append(1);
  t.equal(consumer.pump(), true);
});

void t.test('while the last notice is young, a gap grows at its place instead of being told', async (t) => {
  const { append, turn, connection, consumer, host, items } = setUp({ hwm: 10 });
  append(1);
  turn();
  append(20);
  turn();
  while (connection.take());
  append(1);
  turn();
  append(20);
  turn();
  connection.take();
  t.equal(consumer.held, true, 'the second gap waits');
  t.equal(host.held, 1, 'and its host was told');
  append(20);
  turn();
  t.equal(consumer.balance.queued, 10, 'the mark holds meanwhile');
  host.time += CONSUMER_OPTIONS.noticeInterval;
  turn();
  while (connection.take());
  t.strictSame(outline(items()), ['0-0', '-10 consumer-overflow', '11-21', '-30 consumer-overflow', '52-61']);
  t.equal(unaccounted(consumer.balance), 0);
});

void t.test('a clock that is set back delays no notice', async (t) => {
  const { append, turn, connection, consumer, host, items } = setUp({ hwm: 10 });
  append(1);
  turn();
  append(20);
  turn();
  while (connection.take());
  host.time -= 3_600_000;
  append(1);
  turn();
  append(20);
  turn();
  while (connection.take());
  t.equal(consumer.held, false);
  t.strictSame(outline(items()), ['0-0', '-10 consumer-overflow', '11-21', '-10 consumer-overflow', '32-41']);
});

void t.test('an upstream loss that a drop jumps over is told with it', async (t) => {
  const { append, lose, turn, connection, items } = setUp({ hwm: 5 });
  append(1);
  turn();
  append(4);
  lose(7);
  append(10);
  turn();
  while (connection.take());
  t.strictSame(outline(items()), ['0-0', '-7 transit', '-9 consumer-overflow', '10-14']);
});

void t.test('an upstream loss exactly at the mark of drop-newest is told', async (t) => {
  const { append, lose, turn, connection, items } = setUp({ hwm: 5, overflow: 'drop-newest' });
  append(1);
  turn();
  append(5);
  lose(7);
  append(10);
  turn();
  while (connection.take());
  t.strictSame(outline(items()), ['0-5', '-7 transit', '-10 consumer-overflow']);
});

void t.test('a consumer on HTTP/1.0 gets the same bytes without the framing', async (t) => {
  const plain = setUp({ hwm: 10 }, { chunked: false });
  const framed = setUp({ hwm: 10 });
  for (const { append, turn, connection } of [plain, framed]) {
    append(1);
    turn();
    append(25);
    turn();
    while (connection.take());
  }
  t.equal(plain.connection.text, framed.connection.text);
});

void t.test('one write carries a bounded share of a long queue', async (t) => {
  const { append, turn, connection, view } = setUp({ hwm: 100_000 });
  append(1);
  turn();
  for (let i = 0; i < 200; i += 1) append(20);
  const before = connection.text.length;
  connection.take();
  const wrote = connection.text.length - before;
  t.ok(wrote >= 64 * 1024 && wrote < 128 * 1024, `${wrote} of ${view.bytes} bytes`);
});

void t.test('the end tells what is queued as lost to the shutdown, then says farewell', async (t) => {
  for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
    const { append, turn, connection, consumer, items } = setUp({ hwm: 10, overflow }, { format: 'sse' });
    append(1);
    turn();
    append(15);
    turn();
    consumer.end(ENCODERS.sse.event('bye', {}));
    t.strictSame(outline(items()), ['0-0', '-5 consumer-overflow', '-10 shutdown', 'bye'], overflow);
    t.strictSame(consumer.balance, { matched: 16, delivered: 1, dropped: 15, queued: 0 }, overflow);
    t.equal(connection.ended, true);
    consumer.end('again');
    t.equal(connection.writes, 2, 'twice is once');
  }
});

void t.test('a greeting goes out between records, and never while a write is under way', async (t) => {
  const { append, turn, connection, consumer } = setUp({}, { format: 'sse' });
  consumer.say(': hello\n\n');
  consumer.say(': lost\n\n');
  connection.take();
  append(1);
  turn();
  consumer.say(': lost\n\n');
  connection.take();
  consumer.say('');
  t.match(connection.text, /^: hello\n\ndata: [^\n]*\n\n$/);
});

void t.test('a connection that is gone is written to no more', async (t) => {
  const { append, turn, connection, consumer } = setUp();
  append(1);
  turn();
  append(1);
  consumer.closed();
  const { balance } = consumer;
  connection.take();
  append(3);
  turn();
  consumer.end('bye');
  t.strictSame(consumer.balance, balance, 'and its account is closed');
  t.equal(connection.writes, 1);
});

void t.test('the lag is the age of the oldest record that waits, behind notices too', async (t) => {
  const { append, lose, turn, connection, consumer, host } = setUp();
  t.equal(consumer.lag, 0);
  append(1);
  turn();
  lose(3);
  append(1, host.time - 250);
  t.equal(consumer.lag, 250);
  connection.take();
  connection.take();
  t.equal(consumer.lag, 0);
});

void t.test('the losses of a consumer are its own and those upstream since it came', async (t) => {
  const { append, lose, turn, view, host } = setUp();
  lose(100);
  const late = new Consumer(view, new TwinConnection(), { ...CONSUMER_OPTIONS, hwm: 1 }, host);
  t.strictSame(late.losses, NO_LOSSES);
  lose(4);
  append(1);
  late.pump();
  append(3);
  late.enforce();
  turn();
  t.strictSame(late.losses, [0, 0, 4, 2, 0, 0]);
});

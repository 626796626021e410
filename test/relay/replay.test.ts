import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startConsolidator, type Consolidator, type ConsolidatorOptions } from '../../consolidator/index.js';
import { startRelay, type RelayOptions } from '../../relay/index.js';
import { ReplayClient } from '../../relay/replay-client.js';
import { freePorts } from '../support/ports.js';
import { ask, open, type Stream } from '../support/relay-http.js';
import { Cuttable } from '../support/cuttable.js';
import { until } from '../support/relay.js';
import { Sender } from '../support/zmq.js';

const ANY = 'tcp://127.0.0.1:*';
const WEB = 'tenant/acme/web-1/';

/** A consolidator and who publishes to it. Records say when they were made, and their number. */
class Vm {
  readonly consolidator: Consolidator;
  readonly #sender: Sender;
  readonly #next = new Map<string, number>();

  private constructor(consolidator: Consolidator, sender: Sender) {
    this.consolidator = consolidator;
    this.#sender = sender;
  }

  static async start(t: Test, options: ConsolidatorOptions = {}): Promise<Vm> {
    const consolidator = await startConsolidator({ publish: ANY, subscribe: ANY, ...options });
    t.teardown(() => consolidator.close());
    const sender = new Sender(t, consolidator.publish);
    await sender.isAskedFor('');
    return new Vm(consolidator, sender);
  }

  get from(): string {
    return `${this.consolidator.subscribe} replay=${this.consolidator.replay}`;
  }

  /** Resolves when the consolidator has them. */
  async print(count: number, { topic = WEB, at = Date.now(), lost = 0, level = 30, fin = false } = {}) {
    const first = this.#next.get(topic) ?? 0;
    this.#next.set(topic, first + count + lost);
    const { consolidator } = this;
    const due = consolidator.stats.messages + 1;
    const time = new Date(at).toISOString();
    const record = (n: number) =>
      `{"n":${n},"level":${level},"time":"${time}","node":"${consolidator.node}"}\n`;
    const body = Array.from({ length: count }, (_, i) => record(first + lost + i)).join('');
    const ledger = {
      v: 1,
      src: `${consolidator.node}${topic.replaceAll('/', '_')}`,
      first: first + lost,
      count,
      lost: this.#lost(topic, lost),
      at,
    };
    await this.#sender.send(topic, body, Buffer.from(JSON.stringify({ ...ledger, ...(fin && { fin }) })));
    await until(() => consolidator.stats.messages >= due, 'the consolidator has it');
  }

  readonly #losses = new Map<string, number>();

  #lost(topic: string, more: number): number {
    const lost = (this.#losses.get(topic) ?? 0) + more;
    this.#losses.set(topic, lost);
    return lost;
  }
}

async function relayOf(t: Test, vms: readonly Pick<Vm, 'from'>[], options: RelayOptions = {}) {
  const relay = await startRelay({
    from: vms.map(({ from }) => from),
    port: 0,
    noticeInterval: 20,
    ...options,
  });
  t.teardown(() => relay.close());
  await until(() => relay.core.connected === vms.length, 'the relay is connected');
  return relay;
}

interface Seen {
  readonly numbers: number[];
  readonly notices: { count: number | null; reason: string; hop: string }[];
  /** Of the last event that had one. */
  readonly cursor: string;
  /** A `status` with a position: the past is over. */
  readonly placed: boolean;
}

function seen({ text }: Stream): Seen {
  const numbers: number[] = [];
  const notices: Seen['notices'] = [];
  let cursor = '';
  let placed = false;
  for (const block of text.split('\n\n').slice(0, -1)) {
    const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
    const data = JSON.parse(fields.get('data') ?? 'null') as never;
    cursor = fields.get('id') ?? cursor;
    if (fields.get('event') === 'status' && fields.has('id')) placed = true;
    else if (fields.get('event') === 'dropped') notices.push(data);
    else if (fields.has('data') && !fields.has('event')) numbers.push((data as { n: number }).n);
  }
  return { numbers, notices, cursor, placed };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function read(
  relay: Awaited<ReturnType<typeof relayOf>>,
  query = '',
  cursor = '',
  path = 'tenant/acme',
): Promise<Stream> {
  const headers = { Accept: 'text/event-stream', ...(cursor !== '' && { 'Last-Event-ID': cursor }) };
  return open(relay, `/v1/logs/${path}${query}`, { headers });
}

const placed = (stream: Stream) => stream.until(() => seen(stream).placed, 'the past is over');

void t.test('the last n of an idle stream come at once, and what is printed then follows', async (t) => {
  const vm = await Vm.start(t);
  await vm.print(250);
  await vm.print(10, { topic: 'tenant/other/web-1/' });
  const relay = await relayOf(t, [vm]);
  const stream = await read(relay, '?tail=100');
  await placed(stream);
  t.strictSame(seen(stream).numbers, range(150, 250));
  await vm.print(5);
  await stream.until(() => seen(stream).numbers.length === 105, 'the live ones');
  t.strictSame(seen(stream).numbers, range(150, 255));
});

void t.test(
  'the last n of a busy stream join what is printed meanwhile, on one VM and on three',
  async (t) => {
    for (const count of [1, 3]) {
      const vms = await Promise.all(Array.from({ length: count }, () => Vm.start(t)));
      for (const vm of vms) await vm.print(500);
      const relay = await relayOf(t, vms);
      const over = new AbortController();
      const printing = vms.map(async (vm) => {
        while (!over.signal.aborted) await vm.print(3);
      });
      // Again and again while it goes on: the seam is somewhere else each time.
      for (let round = 0; round < 10; round += 1) {
        const stream = await read(relay, '?tail=100');
        await placed(stream);
        const before = seen(stream).numbers.length;
        t.equal(before >= 100, true);
        await stream.until(() => seen(stream).numbers.length > before + 200, 'the live ones');
        const byNode = new Map<string, number[]>();
        for (const [, n, node] of stream.text.matchAll(/"n":(\d+),.*?"node":"([\w-]+)"/g)) {
          const numbers = byNode.get(node as string) ?? [];
          byNode.set(node as string, numbers);
          numbers.push(Number(n));
        }
        for (const numbers of byNode.values()) {
          const first = numbers[0] as number;
          t.strictSame(numbers, range(first, first + numbers.length), 'each once and in order');
        }
        stream.destroy();
      }
      over.abort();
      await Promise.all(printing);
    }
  },
);

void t.test('three VMs are merged by time, and the last n are of all together', async (t) => {
  const vms = await Promise.all([Vm.start(t), Vm.start(t), Vm.start(t)]);
  const start = Date.now() - 60_000;
  for (let i = 0; i < 30; i += 1) await (vms[i % 3] as Vm).print(1, { at: start + i * 1_000 });
  const relay = await relayOf(t, vms);
  const stream = await read(relay, '?tail=10');
  await placed(stream);
  const times = [...stream.text.matchAll(/"time":"([^"]+)"/g)].map(([, time]) => Date.parse(time as string));
  t.strictSame(
    times,
    range(20, 30).map((i) => start + i * 1_000),
  );
});

void t.test('a container that has exited has a past; a stream that never existed waits', async (t) => {
  const vm = await Vm.start(t);
  await vm.print(3, { fin: true });
  const relay = await relayOf(t, [vm]);
  const exited = await read(relay, '?tail=2', '', 'tenant/acme/web-1');
  await placed(exited);
  t.strictSame(seen(exited).numbers, [1, 2]);
  const never = await read(relay, '?tail=2', '', 'tenant/acme/later');
  await placed(never);
  t.match(seen(never), { numbers: [], notices: [] });
  await vm.print(2, { topic: 'tenant/acme/later/' });
  await never.until(() => seen(never).numbers.length === 2, 'its first records');
  const again = await read(relay, '', '1', 'tenant/acme/later');
  await placed(again);
  t.strictSame(seen(again).numbers, [0, 1], 'who was there when there was nothing gets all of it');
});

void t.test('since a time, with filters, and as much as there is', async (t) => {
  const vm = await Vm.start(t);
  const now = Date.now();
  await vm.print(4, { at: now - 600_000 });
  await vm.print(2, { at: now - 30_000, level: 50 });
  await vm.print(2, { at: now - 20_000 });
  const relay = await relayOf(t, [vm]);
  const answer = async (query: string) => {
    const stream = await read(relay, query);
    await placed(stream);
    return seen(stream).numbers;
  };
  t.strictSame(await answer('?since=1m'), [4, 5, 6, 7]);
  t.strictSame(await answer(`?since=${new Date(now - 25_000).toISOString()}`), [6, 7]);
  t.strictSame(await answer('?since=1h&tail=3'), [5, 6, 7]);
  t.strictSame(await answer('?tail=1&level=error'), [5], 'the last of those that the filter lets through');
  t.strictSame(await answer('?tail=10&container=db'), []);
  t.strictSame(await answer('?tail=0'), []);
});

void t.test('a past that cannot be is refused in a sentence', async (t) => {
  const relay = await relayOf(t, [], { maxTail: 50 });
  for (const [query, hint] of [
    ['tail=51', /whole number from 0 to 50/],
    ['tail=-1', /whole number/],
    ['since=soon', /duration such as 30s/],
    ['since=2999-01-01T00:00:00Z', /lies ahead/],
    ['since=30d', /7 days at most/],
    ['cursor=1&format=text', /no place for a cursor/],
  ] as const) {
    const { status, text } = await ask(relay, `/v1/logs/tenant/acme?${query}`);
    t.equal(status, 400, query);
    t.match(text, hint);
  }
});

void t.test('a reader goes on at another relay: none twice, none missing, wherever it was cut', async (t) => {
  const vms = await Promise.all([Vm.start(t), Vm.start(t)]);
  const relays = [await relayOf(t, vms), await relayOf(t, vms)] as const;
  const over = new AbortController();
  const printing = vms.map(async (vm) => {
    while (!over.signal.aborted) await vm.print(7);
  });
  const got = new Map<string, number[]>();
  let cursor = '';
  for (let round = 0; round < 20; round += 1) {
    const stream = await read(relays[round % 2] as (typeof relays)[0], '?tail=1', cursor);
    const enough = 1 + Math.floor(Math.random() * 60);
    await stream.until(() => seen(stream).numbers.length >= enough, 'some records');
    // Cut anywhere: what follows the last whole event is lost to the reader, and so is its id.
    const whole = stream.text.slice(
      0,
      stream.text.lastIndexOf('\n\n', Math.floor(Math.random() * stream.text.length)) + 2,
    );
    for (const [, id, n, node] of whole.matchAll(/id: (\S+)\ndata: \{"n":(\d+),.*?"node":"([\w-]+)"/g)) {
      cursor = id as string;
      got.set(node as string, [...(got.get(node as string) ?? []), Number(n)]);
    }
    t.match(seen(stream).notices, []);
    stream.destroy();
    await sleep(Math.random() * 20);
  }
  over.abort();
  await Promise.all(printing);
  for (const numbers of got.values()) {
    const first = numbers[0] as number;
    t.strictSame(numbers, range(first, first + numbers.length));
  }
});

void t.test(
  'a reader that was ahead at another relay gets nothing twice from one that is behind',
  async (t) => {
    const vm = await Vm.start(t);
    await vm.print(5);
    const relay = await relayOf(t, [vm]);
    const first = await read(relay, '?tail=5');
    await placed(first);
    // Its position is where the relay will be after three more.
    const { cursor } = seen(first);
    const ahead = cursor.replace(/[^.]+$/, (word) => (Number.parseInt(word, 36) + 3).toString(36));
    const second = await read(relay, '', ahead);
    await vm.print(5);
    await placed(second);
    await second.until(() => seen(second).numbers.length >= 2, 'those behind its position');
    t.strictSame(seen(second).numbers, [8, 9]);
  },
);

void t.test('what was lost before a consolidator is told once, at its place', async (t) => {
  const vm = await Vm.start(t);
  const relay = await relayOf(t, [vm]);
  const watch = await read(relay, '?tail=0');
  await placed(watch);
  const { cursor } = seen(watch);
  await vm.print(2);
  await vm.print(2, { lost: 5 });
  await watch.until(() => seen(watch).numbers.length === 4, 'it comes live');
  const back = await read(relay, '', cursor);
  await placed(back);
  t.match(seen(back), {
    numbers: [0, 1, 7, 8],
    notices: [{ count: 5, reason: 'sidecar-overflow', hop: 'sidecar' }],
  });
  // Cut right behind the notice.
  const notice = /event: dropped\nid: (\S+)\n/.exec(back.text)?.[1] ?? '';
  const after = await read(relay, '', notice);
  await placed(after);
  t.match(seen(after), { numbers: [7, 8], notices: [] });
});

void t.test('a loss that a relay had not told yet when it was killed is told by the next one', async (t) => {
  const vm = await Vm.start(t);
  const first = await relayOf(t, [vm], { noticeInterval: 600_000 });
  const stream = await read(first);
  await placed(stream);
  await vm.print(1);
  await vm.print(1, { lost: 2 });
  await vm.print(1, { lost: 3 });
  await vm.print(2, { lost: 4 });
  await stream.until(() => seen(stream).numbers.length === 5, 'all of them');
  t.match(seen(stream).notices, [{ count: 2 }], 'the first is told at once, the others later');
  stream.destroy();
  const next = await relayOf(t, [vm]);
  const back = await read(next, '', seen(stream).cursor);
  await placed(back);
  t.match(seen(back), { numbers: [], notices: [{ count: 7, reason: 'sidecar-overflow', hop: 'sidecar' }] });
  const after = await read(next, '', seen(back).cursor);
  await placed(after);
  t.strictSame(seen(after).notices, [], 'once');
});

void t.test('what is no longer remembered is told with its number', async (t) => {
  const vm = await Vm.start(t, { recentRecords: 10 });
  const relay = await relayOf(t, [vm]);
  const watch = await read(relay, '?tail=0');
  await placed(watch);
  await vm.print(3);
  await watch.until(() => seen(watch).numbers.length === 3, 'the first');
  const { cursor } = seen(watch);
  for (let i = 0; i < 10; i += 1) await vm.print(5);
  await watch.until(() => seen(watch).numbers.length === 53, 'the others');
  const back = await read(relay, '', cursor);
  await placed(back);
  const { numbers, notices } = seen(back);
  t.strictSame(numbers, range(43, 53));
  t.match(notices, [{ count: 40, reason: 'forgotten', hop: 'consolidator' }]);
});

void t.test('what died with a consolidator is told, and the next run goes on', async (t) => {
  const first = await Vm.start(t);
  await first.print(5);
  const before = await relayOf(t, [first]);
  const stream = await read(before, '?tail=5');
  await placed(stream);
  const { cursor } = seen(stream);
  await first.consolidator.close();
  const second = await Vm.start(t);
  await second.print(3);
  const relay = await relayOf(t, [second]);
  const back = await read(relay, '', cursor);
  await placed(back);
  t.match(seen(back), { numbers: [0, 1, 2], notices: [{ count: null }] });
  t.notOk(seen(back).cursor.includes(first.consolidator.node), 'and is not told again');
});

void t.test('a VM that nobody answers for is not waited for; one that is slow to answer is', async (t) => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.teardown(() => mute.close());
  const { port } = mute.address() as AddressInfo;
  const [dead] = await freePorts(1);
  const vm = await Vm.start(t);
  const settled = [port, dead].map(async (other) => {
    const client = new ReplayClient({ maxBodyBytes: 1024 });
    t.teardown(() => client.close());
    client.follow([{ endpoint: vm.consolidator.replay }, { endpoint: `tcp://127.0.0.1:${other}` }]);
    await client.settled();
    return { other, nodes: [...client.nodes.keys()] };
  });
  t.strictSame(await Promise.race(settled), { other: dead, nodes: [vm.consolidator.node] });
  await Promise.all(settled);
});

void t.test(
  'threat: a cursor is a claim: forged, ancient or of another, it opens nothing and breaks nothing',
  async (t) => {
    const vm = await Vm.start(t);
    await vm.print(5, { topic: 'tenant/other/secret/' });
    await vm.print(2);
    const relay = await relayOf(t, [vm]);
    const { node } = vm.consolidator;
    for (const cursor of [
      'garbage',
      '2~a.1',
      `1~${node}.2rrvthnxts`,
      '1~__proto__.1',
      `1~${'n'.repeat(64)}.zz`,
      '%00',
    ]) {
      const stream = await read(relay, '', cursor);
      await placed(stream);
      t.match(seen(stream).notices, [{ count: null }], cursor);
      t.notOk(stream.text.includes('secret'));
      stream.destroy();
    }
    const other = await read(relay, '', `1~${node}.0`);
    await placed(other);
    t.strictSame(seen(other).numbers, [0, 1], 'its own stream, whatever the offset');
  },
);

void t.test(
  'with its memory off a consolidator sends what is read, and past is told of as unknown',
  async (t) => {
    const consolidator = await startConsolidator({ publish: ANY, subscribe: ANY, recentBytes: 0 });
    t.teardown(() => consolidator.close());
    const sender = new Sender(t, consolidator.publish);
    const relay = await startRelay({
      from: [`${consolidator.subscribe} replay=${consolidator.replay}`],
      port: 0,
    });
    t.teardown(() => relay.close());
    const stream = await read(relay, '', `1~${consolidator.node}.0`);
    await sender.isAskedFor('tenant/acme/');
    await placed(stream);
    t.match(seen(stream).notices, [{ count: null }]);
  },
);

void t.test('records say where they are in NDJSON too, if asked', async (t) => {
  const vm = await Vm.start(t);
  await vm.print(5);
  const relay = await relayOf(t, [vm]);
  const lines = await open(relay, '/v1/logs/tenant/acme?tail=3&format=ndjson&cursor=1');
  await lines.until((text) => text.split('\n').length === 4, 'three records');
  const [, second] = lines.text
    .split('\n')
    .map((line) => (line === '' ? {} : JSON.parse(line)) as { cursor?: string; n?: number });
  t.equal(second?.n, 3);
  const back = await open(relay, `/v1/logs/tenant/acme?format=ndjson&lastEventId=${second?.cursor}`);
  await back.until((text) => text.includes('\n'), 'the last');
  t.match(JSON.parse(back.text), { n: 4, cursor: undefined });
});

void t.test('a drain sends each reader elsewhere, behind what it has', async (t) => {
  const vm = await Vm.start(t);
  const relays = [await relayOf(t, [vm], { drainSpread: 1 }), await relayOf(t, [vm])] as const;
  const over = new AbortController();
  const printing = (async () => {
    while (!over.signal.aborted) await vm.print(3);
  })();
  const streams = await Promise.all(Array.from({ length: 5 }, () => read(relays[0], '?tail=1')));
  for (const stream of streams) await stream.until(() => seen(stream).numbers.length > 50, 'some records');
  await relays[0].close();
  for (const stream of streams) {
    await stream.until((text) => text.includes('event: bye\ndata: {"reason":"shutdown"'), 'its farewell');
    const before = seen(stream);
    const after = await read(relays[1], '', before.cursor);
    await after.until(() => seen(after).numbers.length > 20, 'it goes on');
    const numbers = [...before.numbers, ...seen(after).numbers];
    t.strictSame(numbers, range(numbers[0] as number, (numbers[0] as number) + numbers.length));
    t.match([before.notices, seen(after).notices], [[], []]);
    after.destroy();
  }
  over.abort();
  await printing;
});

void t.test('a stream that is old enough ends, and goes on with another', async (t) => {
  const vm = await Vm.start(t);
  const relay = await relayOf(t, [vm], { maxAge: 300, drainSpread: 1 });
  await vm.print(5);
  const stream = await read(relay, '?tail=3');
  await stream.until((text) => text.includes('event: bye'), 'it is sent away');
  t.match(stream.text, /event: bye\ndata: \{"reason":"age"/);
  await vm.print(2);
  const again = await read(relay, '', seen(stream).cursor);
  await placed(again);
  t.match(seen(again), { numbers: [5, 6], notices: [] });
});

void t.test('what was printed while the connection was cut comes when it is back', async (t) => {
  const vm = await Vm.start(t);
  const { subscribe, replay } = vm.consolidator;
  const way = await Cuttable.to(t, subscribe.replace('tcp:', 'http:'));
  const from = `${way.url.replace('http:', 'tcp:')} replay=${replay}`;
  const relay = await relayOf(t, [{ from }]);
  const stream = await read(relay);
  const narrow = await read(relay, '', '', WEB.slice(0, -1));
  await Promise.all([placed(stream), placed(narrow)]);
  for (let round = 0; round < 3; round += 1) {
    await vm.print(5);
    await stream.until(() => seen(stream).numbers.length === (round + 1) * 60 - 55, 'the live ones');
    way.shut();
    await until(() => relay.core.connected === 0, 'it is cut off');
    for (let i = 0; i < 10; i += 1) await vm.print(5);
    way.open();
    await until(() => relay.core.connected === 1, 'it is back');
    await vm.print(5);
    await stream.until(() => seen(stream).numbers.length === (round + 1) * 60, 'all of it');
  }
  await narrow.until(() => seen(narrow).numbers.length === 180, 'all of it');
  for (const { numbers, notices } of [seen(stream), seen(narrow)]) {
    t.strictSame(numbers, range(0, 180));
    t.strictSame(notices, []);
  }
});

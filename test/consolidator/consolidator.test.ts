import t from 'tap';
import { Subscriber } from 'zeromq';
import { SourceAccount } from '../../accounting/index.js';
import { startConsolidator, type ConsolidatorOptions } from '../../consolidator/index.js';
import { formatLedger, formatPresence, PRESENCE_PREFIX } from '../../wire/index.js';
import { linesOf, Reader, Sender } from '../support/zmq.js';

const ANY = 'tcp://127.0.0.1:*';
const TOPIC = 'tenant/acme/web-1/';

async function start(t: { teardown(handler: () => unknown): void }, options: ConsolidatorOptions = {}) {
  const consolidator = await startConsolidator({
    publish: ANY,
    subscribe: ANY,
    replay: ANY,
    recentBytes: 0,
    ...options,
  });
  t.teardown(() => consolidator.close());
  return consolidator;
}

/** The numbers in the records of these messages. */
function numbersOf(reader: Reader): number[] {
  return linesOf(reader.inbox.items).map((line) => (JSON.parse(line) as { n: number }).n);
}

void t.test(
  'records go from a sidecar to every relay that reads them, with the consolidator’s ledger',
  async (t) => {
    const consolidator = await start(t);
    const { node } = consolidator;
    const tenant = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
    const container = new Reader(t, consolidator.subscribe, [TOPIC]);
    const system = new Reader(t, consolidator.subscribe, ['system/']);
    const sender = new Sender(t, consolidator.publish);
    for (const stream of ['tenant/acme/', TOPIC, 'system/']) await sender.isAskedFor(stream);
    await sender.batch(TOPIC, 0, 2);
    await sender.batch('system/x/', 0, 1);
    await sender.batch(TOPIC, 5, 1, { lost: 1 });
    for (const reader of [tenant, container]) {
      const messages = await reader.inbox.until(({ length }) => length === 2);
      t.match(messages, [
        { topic: TOPIC, lines: ['{"n":0}', '{"n":1}'], ledger: { node, offset: 3, lost: 0, transit: 0 } },
        { topic: TOPIC, lines: ['{"n":5}'], ledger: { node, offset: 7, lost: 3, transit: 2 } },
      ]);
    }
    t.match(await system.inbox.until(({ length }) => length === 1), [
      { topic: 'system/x/', ledger: { offset: 5 } },
    ]);
    t.match(consolidator.stats, { messages: 3, records: 4, lostInTransit: 2 });
    t.equal(consolidator.sources, 2);
  },
);

void t.test('each relay is told from where on it is sent a stream, also one that comes later', async (t) => {
  const consolidator = await start(t);
  const sender = new Sender(t, consolidator.publish);
  const first = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  await sender.isAskedFor('tenant/acme/');
  const [mark] = await first.marks.until(({ length }) => length === 1);
  t.match(mark, {
    prefix: 'tenant/acme/',
    node: consolidator.node,
    offset: 0,
    at: Number,
    holds: false,
  });
  await sender.batch(TOPIC, 7, 2);
  const [message] = await first.inbox.until(({ length }) => length === 1);
  t.match(message?.ledger, { offset: 1, begin: [7, 0, 1] }, 'what begins behind the mark was due');
  const second = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  const [later] = await second.marks.until(({ length }) => length === 1);
  t.equal(later?.offset, 3);
  await sender.batch(TOPIC, 9, 1);
  const [next] = await second.inbox.until(({ length }) => length === 1);
  t.match(next?.ledger, { offset: 4, begin: [7, 0, 1] }, 'what began before it was not');
  t.strictSame(
    sender.asked.items.filter((word) => word === '+tenant/acme/'),
    ['+tenant/acme/'],
    'of which sidecars hear nothing',
  );
});

void t.test('a sidecar hears the presence mark, and of streams only', async (t) => {
  const consolidator = await start(t);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor(PRESENCE_PREFIX);
  const reader = new Reader(t, consolidator.subscribe, ['tenant/', 'tenant/acme', 'tenant/a', 'x', '\xff']);
  reader.subscribe('tenant/acme/');
  await sender.isAskedFor('tenant/acme/');
  reader.subscribe('');
  await sender.isAskedFor('');
  const presence = [PRESENCE_PREFIX, formatPresence(consolidator.node)].map((prefix) => `+${prefix}`);
  t.strictSame(sender.asked.items, [...presence, '+tenant/acme/', '+']);
});

void t.test('a prefix that is no stream gets only what others have asked for', async (t) => {
  const consolidator = await start(t);
  const vague = new Reader(t, consolidator.subscribe, ['tenant/a']);
  const exact = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor('tenant/acme/');
  await sender.send('tenant/apex/web-1/', 'by hand, asked or not');
  await sender.batch(TOPIC, 0, 1);
  await exact.inbox.until(({ length }) => length === 1);
  const messages = await vague.inbox.until(({ length }) => length === 1);
  t.strictSame(
    messages.map(({ topic }) => topic),
    [TOPIC],
  );
});

void t.test('threat: a tenant whose name begins like another’s reads nothing of it', async (t) => {
  const consolidator = await start(t);
  const acme = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  const acme2 = new Reader(t, consolidator.subscribe, ['tenant/acme2/']);
  const sender = new Sender(t, consolidator.publish);
  for (const stream of ['tenant/acme/', 'tenant/acme2/']) await sender.isAskedFor(stream);
  for (const tenant of ['acme2', 'acme', 'acme2', 'acme']) {
    await sender.send(`tenant/${tenant}/x/`, `{"of":"${tenant}"}\n`);
  }
  t.strictSame(linesOf(await acme.inbox.until(({ length }) => length === 2)), [
    '{"of":"acme"}',
    '{"of":"acme"}',
  ]);
  t.strictSame(linesOf(await acme2.inbox.until(({ length }) => length === 2)), [
    '{"of":"acme2"}',
    '{"of":"acme2"}',
  ]);
});

void t.test('every sidecar hears of every stream, however many there are', async (t) => {
  const STREAMS = 3_000;
  const consolidator = await start(t);
  const early = new Sender(t, consolidator.publish);
  const streams = Array.from({ length: STREAMS / 2 }, (_, i) => `tenant/a${i}/`);
  const readers = [
    new Reader(t, consolidator.subscribe, streams),
    new Reader(t, consolidator.subscribe, []),
  ] as const;
  // Bit by bit: a SUB socket has the same limit for what it says at once.
  for (let i = 0; i < STREAMS / 2; i += 1) {
    readers[1].subscribe(`tenant/b${i}/`);
    if (i % 100 === 99) await early.isAskedFor(`tenant/b${i}/`);
  }
  const subscriptions = early.asked.items.length;
  t.ok(subscriptions > 2_000);
  const late = new Sender(t, consolidator.publish);
  const asked = await late.asked.until(({ length }) => length === subscriptions);
  t.strictSame(asked.toSorted(), early.asked.items.toSorted());
});

void t.test(
  'when the last reader leaves its sources are forgotten, and what follows is no loss',
  async (t) => {
    const consolidator = await start(t, { readerLinger: 50 });
    const one = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
    const other = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
    const sender = new Sender(t, consolidator.publish);
    await sender.isAskedFor('tenant/acme/');
    await sender.batch(TOPIC, 0, 3);
    for (const reader of [one, other]) await reader.inbox.until(({ length }) => length === 1);
    await other.close();
    await sender.batch(TOPIC, 3, 1);
    await one.inbox.until(({ length }) => length === 2);
    t.equal(consolidator.sources, 1, 'one still reads');
    one.unsubscribe('tenant/acme/');
    await sender.asked.until((asked) => asked.includes('-tenant/acme/'));
    t.equal(consolidator.sources, 0);
    one.subscribe('tenant/acme/');
    await sender.asked.until((asked) => asked.filter((word) => word === '+tenant/acme/').length === 2);
    await sender.batch(TOPIC, 100, 1);
    const messages = await one.inbox.until(({ length }) => length === 3);
    t.match(messages[2]?.ledger, { first: 100, lost: 0, transit: 0 });
    t.equal(consolidator.stats.lostInTransit, 0);
    t.strictSame(
      sender.asked.items.filter((word) => word.includes('acme')),
      ['+tenant/acme/', '-tenant/acme/', '+tenant/acme/'],
      'the sidecar hears of the first who comes and the last who goes',
    );
  },
);

void t.test('a narrower reader that leaves takes nothing from a wider one', async (t) => {
  const consolidator = await start(t, { readerLinger: 50 });
  const wide = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  const narrow = new Reader(t, consolidator.subscribe, [TOPIC]);
  const sender = new Sender(t, consolidator.publish);
  for (const stream of ['tenant/acme/', TOPIC]) await sender.isAskedFor(stream);
  await sender.batch(TOPIC, 0, 1);
  await narrow.inbox.until(({ length }) => length === 1);
  await narrow.close();
  await sender.asked.until((asked) => asked.includes(`-${TOPIC}`));
  await sender.batch(TOPIC, 5, 1);
  const messages = await wide.inbox.until(({ length }) => length === 2);
  t.equal(messages[1]?.ledger.transit, 4, 'the account has gone on');
});

void t.test(
  'a slow relay loses, and its ledgers say how much; a fast one beside it loses nothing',
  async (t) => {
    const consolidator = await start(t, { sendHwm: 10 });
    const fast = new Reader(t, consolidator.subscribe, [TOPIC]);
    const slow = new Reader(t, consolidator.subscribe, [TOPIC], { receiveHwm: 1 });
    const sender = new Sender(t, consolidator.publish);
    await sender.isAskedFor(TOPIC);
    await sender.batch(TOPIC, 0, 0);
    for (const reader of [fast, slow]) await reader.inbox.until(({ length }) => length === 1);
    slow.pause();
    // More than the kernel and libzmq hold between the two, in steps that the fast one keeps pace with.
    const MESSAGES = 600;
    const filler = ' '.repeat(60_000);
    for (let n = 0; n < MESSAGES; n += 1) {
      const ledger = formatLedger({ v: 1, src: 'src', first: n, count: 1, lost: 0, at: 0 });
      await sender.send(TOPIC, `{"n":${n}}${filler}\n`, ledger);
      if (n % 5 === 4) await fast.inbox.until(({ length }) => length === n + 2);
    }
    slow.resume();
    // Heartbeats, until one gets through: they tell of the loss at the end.
    const told = slow.inbox.until((messages) => messages.at(-1)?.ledger.first === MESSAGES);
    const beating = setInterval(() => void sender.batch(TOPIC, MESSAGES, 0), 10);
    await told;
    clearInterval(beating);
    const account = new SourceAccount();
    let lost = 0;
    for (const { ledger } of slow.inbox.items) {
      const { here, sidecar, consolidator } = account.observe(ledger);
      t.equal(sidecar + consolidator, 0);
      lost += here;
    }
    t.ok(lost > 0, `${lost} of ${MESSAGES} lost`);
    t.equal(numbersOf(slow).length + lost, MESSAGES);
    t.strictSame(
      numbersOf(fast),
      Array.from({ length: MESSAGES }, (_, n) => n),
    );
  },
);

void t.test('threat: garbage is counted by what is wrong with it, and good messages go on', async (t) => {
  const consolidator = await start(t, { maxBodyBytes: 10_000, maxSources: 2 });
  const reader = new Reader(t, consolidator.subscribe, ['']);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor('');
  await sender.batch(TOPIC, 0, 1);
  await sender.send('one frame');
  await sender.send(TOPIC, 'x', '{}', 'and one too many');
  await sender.send('tenant/acme/we\x01b/', 'x');
  await sender.send('tenant/../x/', 'x');
  await sender.send(TOPIC, 'x'.repeat(15_000));
  await sender.send(TOPIC, '\n'.repeat(9_000));
  await sender.send(TOPIC, '{}\n', 'not JSON');
  await sender.send(TOPIC, '{}\n', '{"v":1,"src":"src","first":-1,"count":1,"lost":0,"at":0}');
  await sender.send(TOPIC, '{}\n', '{"v":1,"src":"src","first":1e300,"count":1,"lost":0,"at":0}');
  await sender.batch(TOPIC, 1, 0, { count: 7 });
  await sender.batch('tenant/acme/b/', 0, 1);
  await sender.batch('tenant/acme/c/', 0, 1);
  await sender.batch(TOPIC, 1, 1);
  const messages = await reader.inbox.until(({ length }) => length === 3);
  t.match(messages.at(-1)?.ledger, { first: 1, transit: 0, offset: 2 });
  t.strictSame(consolidator.stats.refused, {
    frames: 2,
    topic: 2,
    size: 2,
    body: 1,
    ledger: 3,
    count: 0,
    identity: 0,
    limit: 1,
  });
});

void t.test('threat: who sends far more than the limit is cut off, and comes back', async (t) => {
  const consolidator = await start(t, { maxBodyBytes: 10_000 });
  const reader = new Reader(t, consolidator.subscribe, [TOPIC]);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor(TOPIC);
  await sender.batch(TOPIC, 0, 1);
  await sender.send(TOPIC, 'x'.repeat(1_000_000));
  await sender.asked.until((asked) => asked.filter((word) => word === `+${TOPIC}`).length === 2);
  await sender.batch(TOPIC, 2, 1);
  const messages = await reader.inbox.until(({ length }) => length === 2);
  t.match(messages[1]?.ledger, { first: 2, transit: 1 }, 'the account goes on');
});

void t.test('threat: a relay that subscribes to kilobytes is cut off', async (t) => {
  const consolidator = await start(t);
  const hostile = new Subscriber({ linger: 0 });
  t.teardown(() => hostile.close());
  const cut = new Promise((resolve) => hostile.events.on('disconnect', resolve));
  hostile.subscribe('x'.repeat(10_000));
  hostile.connect(consolidator.subscribe);
  await cut;
  const reader = new Reader(t, consolidator.subscribe, [TOPIC]);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor(TOPIC);
  await sender.batch(TOPIC, 0, 1);
  await reader.inbox.until(({ length }) => length === 1);
});

void t.test('messages of two frames are carried from any program, whatever they bring', async (t) => {
  const consolidator = await start(t);
  const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor('tenant/acme/');
  await sender.send(TOPIC, '{"msg":"with its end"}\n');
  await sender.send(TOPIC, '{"msg":"without"}');
  await sender.send(TOPIC, 'two lines\r\nof text');
  await sender.send(TOPIC, Buffer.from([0xc3, 0x28, 0x00, 0x1b, 0x0a, 0x0a]));
  const messages = await reader.inbox.until(({ length }) => length === 4);
  const records = linesOf(messages).map((line) => JSON.parse(line) as { msg: string; name?: string });
  t.strictSame(
    records.map(({ msg }) => msg),
    ['with its end', 'without', 'two lines', 'of text', '\ufffd(\0\x1b', ''],
  );
  t.strictSame(
    messages.map(({ ledger }) => [ledger.first, ledger.count, ledger.offset]),
    [
      [0, 1, 1],
      [1, 1, 2],
      [2, 2, 3],
      [4, 2, 5],
    ],
  );
});

for (const option of ['publish', 'subscribe', 'replay'] as const) {
  void t.test(
    `a ${option} endpoint that is in use is told of in a sentence, and nothing stays open`,
    async (t) => {
      const first = await start(t);
      const attempt = { publish: ANY, subscribe: ANY, replay: ANY, [option]: first[option] };
      await t.rejects(startConsolidator(attempt), {
        name: 'ConsolidatorError',
        code: 'endpoint',
        message: new RegExp(
          `^Cannot listen on ${first[option]} \\(.+\\): stop what uses it, or choose another with --${option}\\.$`,
        ),
      });
      await first.close();
      const again = await start(t, { [option]: first[option] });
      t.equal(again[option], first[option]);
    },
  );
}

void t.test('what cannot be listened at is told of by what is wrong with it', async (t) => {
  const first = await start(t);
  const anywhere: ConsolidatorOptions = { publish: ANY, subscribe: ANY };
  const { hostname, port } = new URL(first.replay.replace(/^tcp/, 'http'));
  for (const [options, says] of [
    [{ publish: '127.0.0.1:5555' }, '127.0.0.1:5555 is no endpoint: give --publish tcp://127.0.0.1:5555.'],
    [{ subscribe: '10.99.0.1:5556', insecure: true }, /^10.99.0.1:5556 is no endpoint/],
    [{ replay: 'here' }, 'here is no endpoint: give --replay one such as tcp://127.0.0.1:5555.'],
    [{ publish: 'tcp://127.0.0.1' }, /^tcp:\/\/127.0.0.1 is no endpoint: give --publish one such as/],
    [
      { publish: 'http://127.0.0.1:1', insecure: true },
      /: that is no endpoint such as tcp:.* give one with --publish\.$/,
    ],
    [{ publish: 'tcp://192.0.2.1:5555', insecure: true }, /: this machine has no such address/],
    [
      { subscribe: `tcp://${hostname}:${Number(port) - 1}` },
      new RegExp(
        `^Cannot listen on ${first.replay} .* another with --subscribe, which takes its port and the next\\.$`,
      ),
    ],
  ] as const) {
    await t.rejects(startConsolidator({ ...anywhere, ...options }), {
      code: 'endpoint',
      message: says,
    });
  }
});

void t.test('what was taken in before the end is delivered, and closing twice is closing once', async (t) => {
  const consolidator = await start(t);
  const reader = new Reader(t, consolidator.subscribe, [TOPIC]);
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor(TOPIC);
  for (let n = 0; n < 200; n += 1) await sender.batch(TOPIC, n, 1);
  await reader.inbox.until(({ length }) => length > 0);
  await Promise.all([consolidator.close(), consolidator.close()]);
  await consolidator.close();
  const { records } = consolidator.stats;
  await reader.inbox.until((messages) => linesOf(messages).length === records);
  t.strictSame(
    numbersOf(reader),
    Array.from({ length: records }, (_, n) => n),
  );
});

void t.test('a relay that does not read holds up no end', async (t) => {
  const consolidator = await start(t);
  const reader = new Reader(t, consolidator.subscribe, [TOPIC], { receiveHwm: 1 });
  const sender = new Sender(t, consolidator.publish);
  await sender.isAskedFor(TOPIC);
  await sender.batch(TOPIC, 0, 1);
  await reader.inbox.until(({ length }) => length === 1);
  reader.pause();
  for (let n = 0; n < 500; n += 1) await sender.send(TOPIC, ' '.repeat(60_000));
  const closing = performance.now();
  await consolidator.close();
  t.ok(performance.now() - closing < 5_000);
});

void t.test('its ports are free as soon as it is closed, with peers on both sides', async (t) => {
  let { publish, subscribe, replay } = { publish: ANY, subscribe: ANY, replay: ANY };
  const runs = new Set<string>();
  for (let run = 0; run < 10; run += 1) {
    const consolidator = await startConsolidator({ publish, subscribe, replay, recentBytes: 0 });
    runs.add(consolidator.node);
    ({ publish, subscribe, replay } = consolidator);
    const reader = new Reader(t, subscribe, [TOPIC]);
    const sender = new Sender(t, publish);
    await sender.isAskedFor(TOPIC);
    await consolidator.close();
    await Promise.all([reader.close(), sender.close()]);
  }
  t.equal(runs.size, 10, 'and each run has its own id');
});

void t.test('after a restart its peers are there again by themselves, and accounts begin anew', async (t) => {
  const first = await startConsolidator({ publish: ANY, subscribe: ANY, recentBytes: 0 });
  const reader = new Reader(t, first.subscribe, [TOPIC]);
  const sender = new Sender(t, first.publish);
  await sender.isAskedFor(TOPIC);
  await sender.batch(TOPIC, 0, 3);
  await reader.inbox.until(({ length }) => length === 1);
  await first.close();
  const second = await start(t, { publish: first.publish, subscribe: first.subscribe, replay: ANY });
  await sender.asked.until((asked) => asked.filter((word) => word === `+${TOPIC}`).length === 2);
  await sender.batch(TOPIC, 10, 1);
  const messages = await reader.inbox.until(({ length }) => length === 2);
  t.match(messages[1]?.ledger, { first: 10, offset: 1, transit: 0, node: second.node });
  t.not(second.node, first.node);
});

void t.test('a relay that lost its connection finds in the numbers what it missed', async (t) => {
  const consolidator = await start(t);
  const sender = new Sender(t, consolidator.publish);
  const before = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  await sender.isAskedFor('tenant/acme/');
  await sender.batch(TOPIC, 0, 3);
  await before.inbox.until(({ length }) => length === 1);
  await before.close();
  await sender.batch(TOPIC, 3, 4);
  while (consolidator.stats.records < 7) await new Promise((resolve) => setTimeout(resolve, 2));
  const after = new Reader(t, consolidator.subscribe, ['tenant/acme/']);
  // Its subscription is through when something comes; nobody tells the sender, which was never told to stop.
  let first = 7;
  const sending = setInterval(() => void sender.batch(TOPIC, first++, 1), 20);
  const [message] = await after.inbox.until(({ length }) => length === 1);
  clearInterval(sending);
  t.ok((message?.ledger?.first ?? 0) >= 7, 'the numbers went on while nobody was connected');
  t.notOk(sender.asked.items.includes('-tenant/acme/'));
});

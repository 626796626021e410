import t from 'tap';
import { connectUpstream, type Target } from '../../relay/upstream.js';
import { freePorts } from '../support/ports.js';
import { until } from '../support/relay.js';
import { Publisher } from '../support/relay-http.js';

const TOPIC = 'tenant/acme/web-1/';

function setUp(t: { teardown(fn: () => unknown): void }, endpoints: readonly string[], work = () => {}) {
  const messages: string[] = [];
  const states: number[] = [];
  const upstream = connectUpstream({
    maxBodyBytes: 1_000_000,
    receiveHwm: 1_000,
    onMessage: ([topic, body]) => {
      work();
      messages.push(`${String(topic)} ${String(body).split('\n').length - 1}`);
    },
    onStatus: (connected) => states.push(connected),
  });
  t.teardown(() => upstream.close());
  upstream.follow(inClear(endpoints));
  return { upstream, messages, states };
}

/** Targets without a key. */
function inClear(endpoints: readonly string[]): Target[] {
  return endpoints.map((endpoint) => ({ endpoint }));
}

/** Keeps the process busy, ms. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

void t.test('messages of all consolidators come in, of the streams asked for and no other', async (t) => {
  const publishers = [await Publisher.bind(t), await Publisher.bind(t)];
  const { upstream, messages, states } = setUp(
    t,
    publishers.map(({ endpoint }) => endpoint),
  );
  await until(() => upstream.connected === 2, 'both are connected');
  t.strictSame(states, [1, 2]);
  upstream.subscribe('tenant/acme/');
  for (const publisher of publishers) {
    await publisher.wanted('tenant/acme/');
    await publisher.send('tenant/acme2/web/', 1);
    await publisher.send(TOPIC, 3);
  }
  await until(() => messages.length === 2, 'both messages');
  t.strictSame(messages, [`${TOPIC} 3`, `${TOPIC} 3`]);
  upstream.unsubscribe('tenant/acme/');
  for (const publisher of publishers) await publisher.unwanted('tenant/acme/');
});

void t.test(
  'where a relay does not keep up, who sends little does not wait for who sends much',
  async (t) => {
    const publisher = await Publisher.bind(t);
    const { upstream, messages } = setUp(t, [publisher.endpoint], () => spin(2));
    upstream.subscribe('tenant/');
    await publisher.wanted('tenant/');
    for (let i = 0; i < 200; i += 1) await publisher.send(TOPIC, 100);
    await publisher.send('tenant/quiet/web-1/', 1);
    await until(() => messages.length === 201, 'all that was sent');
    const place = messages.findIndex((message) => message.includes('quiet'));
    t.ok(place < 200, `it came ahead of ${200 - place} that were sent before it`);
    t.equal(upstream.passedOver, 0);
  },
);

void t.test('a relay that keeps up with bursts passes nothing over, however many there are', async (t) => {
  const publisher = await Publisher.bind(t);
  // Longer than a turn, so that the others of the burst are waiting at its end.
  let isFirst = true;
  const { upstream, messages } = setUp(t, [publisher.endpoint], () => {
    if (isFirst) spin(8);
    isFirst = false;
  });
  upstream.subscribe('tenant/');
  await publisher.wanted('tenant/');
  const [BURSTS, LENGTH] = [15, 10];
  for (let burst = 1; burst <= BURSTS; burst += 1) {
    isFirst = true;
    await publisher.send('tenant/quiet/web-1/', 1);
    for (let i = 1; i < LENGTH; i += 1) await publisher.send(TOPIC, 100);
    await until(() => messages.length + upstream.passedOver === burst * LENGTH, 'the burst');
  }
  t.equal(upstream.passedOver, 0);
});

void t.test('a consolidator may come after the relay, go, and come back', async (t) => {
  const [port] = await freePorts(1);
  const endpoint = `tcp://127.0.0.1:${port}`;
  const { upstream, messages, states } = setUp(t, [endpoint]);
  upstream.subscribe(TOPIC);
  for (let run = 1; run <= 3; run += 1) {
    const start = performance.now();
    const publisher = await Publisher.bind(t, endpoint);
    await publisher.wanted(TOPIC);
    await publisher.send(TOPIC, run);
    await until(() => messages.length === run, 'its message');
    if (run > 1) t.ok(performance.now() - start < 1_000, 'read again within a second');
    t.equal(messages.at(-1), `${TOPIC} ${run}`);
    await until(() => upstream.connected === 1, 'it counts as connected');
    await publisher.close();
    await until(() => upstream.connected === 0, 'it counts as gone');
  }
  t.strictSame(states, [1, 0, 1, 0, 1, 0]);
});

void t.test('a consolidator that is named twice is read once', async (t) => {
  const publisher = await Publisher.bind(t);
  const { upstream, messages } = setUp(t, [publisher.endpoint, publisher.endpoint]);
  upstream.subscribe('tenant/');
  await publisher.wanted('tenant/');
  await publisher.send(TOPIC, 1);
  await publisher.send('tenant/acme/last/', 1);
  await until(() => messages.at(-1)?.startsWith('tenant/acme/last/') === true, 'the last');
  t.strictSame(messages, [`${TOPIC} 1`, 'tenant/acme/last/ 1']);
});

void t.test('a flood leaves a turn to everything else', async (t) => {
  const publisher = await Publisher.bind(t);
  let turns = 0;
  const turnsAt: number[] = [];
  const { upstream } = setUp(t, [publisher.endpoint], () => {
    // By the end of the first, all the others have come and could be taken in without a pause.
    spin(turnsAt.length === 0 ? 100 : 1);
    turnsAt.push(turns);
  });
  upstream.subscribe('tenant/');
  await publisher.wanted('tenant/');
  for (let i = 0; i < 60; i += 1) await publisher.send(TOPIC, 1);
  const turn = () => {
    turns += 1;
    if (turnsAt.length < 60) setImmediate(turn);
  };
  setImmediate(turn);
  await until(() => turnsAt.length === 60, 'all of them');
  const passed = (turnsAt.at(-1) as number) - (turnsAt[0] as number);
  t.ok(passed >= 5, `${passed} turns in 60 ms of messages`);
});

void t.test('an address that cannot be one is refused, and the others are connected to', async (t) => {
  const publisher = await Publisher.bind(t);
  const { upstream } = setUp(t, []);
  for (const endpoint of ['', 'nonsense', 'tcp://', '127.0.0.1:5556', 'http://127.0.0.1:5556']) {
    t.strictSame(upstream.follow(inClear([endpoint, publisher.endpoint])), [endpoint]);
  }
  await until(() => upstream.connected === 1, 'it is connected');
});

void t.test('consolidators come and go, and one that stays keeps its connection', async (t) => {
  const [one, two] = [await Publisher.bind(t), await Publisher.bind(t)];
  const { upstream, messages, states } = setUp(t, [one.endpoint]);
  upstream.subscribe('tenant/');
  await one.wanted('tenant/');
  await until(() => upstream.connected === 1, 'the first is connected');
  upstream.follow(inClear([one.endpoint, two.endpoint]));
  await two.wanted('tenant/');
  await until(() => upstream.connected === 2, 'both are');
  await two.send(TOPIC, 2);
  await until(() => messages.length === 1, 'its message');
  upstream.follow(inClear([one.endpoint]));
  t.equal(upstream.connected, 1, 'it is told at once');
  await two.unwanted('tenant/');
  upstream.follow(inClear([one.endpoint, two.endpoint]));
  await two.wanted('tenant/');
  await two.send(TOPIC, 4);
  await one.send(TOPIC, 1);
  await until(() => messages.length === 3, 'messages of both');
  t.strictSame(messages.toSorted(), [`${TOPIC} 1`, `${TOPIC} 2`, `${TOPIC} 4`]);
  t.strictSame(states, [1, 2, 1, 2], 'the first was connected all the time');
});

void t.test('closing ends the reading, with or without a consolidator', async (t) => {
  const publisher = await Publisher.bind(t);
  for (const endpoints of [[publisher.endpoint], ['tcp://127.0.0.1:1'], []]) {
    const { upstream } = setUp(t, endpoints);
    await upstream.close();
    await upstream.close();
  }
});

void t.test('a consolidator that comes late hears of every stream, however many there are', async (t) => {
  const [port] = await freePorts(1);
  const { upstream, messages } = setUp(t, [`tcp://127.0.0.1:${port}`]);
  const streams = Array.from({ length: 3_000 }, (_, i) => `tenant/t${i}/`);
  for (const stream of streams) upstream.subscribe(stream);
  const publisher = await Publisher.bind(t, `tcp://127.0.0.1:${port}`);
  for (const stream of streams.toReversed()) await publisher.wanted(stream);
  await publisher.send('tenant/t2999/web/', 1);
  await until(() => messages.length === 1, 'the last one is heard');
  await publisher.close();
});

import t, { type Test } from 'tap';
import { XPublisher } from 'zeromq';
import { parseSubscription } from '../../wire/index.js';
import { spillway, startRelayProcess, untilReady } from '../support/processes.js';
import { droppedOf, linesOf, readNdjson } from '../support/readers.js';

// Peers of other versions, by what they send: the parts between them and the reader are the present ones.

const TOPIC = 'tenant/acme/old-1/';
const SOURCE = '0b0e1f5a-3a39-4b4e-9c3e-6a0d5ad2a001';

/** A consolidator and a relay with a reader, and a publisher that has seen that somebody reads its topic. */
async function startWay(t: Test) {
  const any = 'tcp://127.0.0.1:*';
  // Without a memory it asks for what a reader asks for, and no sooner.
  const ends = ['--publish', any, '--subscribe', any, '--http', '127.0.0.1:0', '--recent-bytes', '0'];
  const consolidator = spillway(t, ['consolidator', ...ends]);
  const ready = JSON.parse(await consolidator.line(/"ready:/)) as Record<
    'publish' | 'subscribe' | 'http',
    string
  >;
  const { url } = await startRelayProcess(t, ready.subscribe);
  await untilReady(url);
  const reader = await readNdjson(t, `${url}/v1/logs/tenant/acme`);
  const socket = new XPublisher({ linger: 0 });
  t.teardown(() => socket.close());
  socket.connect(ready.publish);
  for await (const [frame] of socket) {
    const subscription = parseSubscription(frame as Buffer);
    if (subscription?.subscribe === true && TOPIC.startsWith(subscription.prefix)) break;
  }
  const say = (ledger: object | undefined, ...lines: string[]) => {
    const body = lines.map((msg) => `${JSON.stringify({ msg })}\n`).join('');
    return socket.send([TOPIC, body, ...(ledger === undefined ? [] : [JSON.stringify(ledger)])]);
  };
  return { reader, say, metrics: async () => (await fetch(`${ready.http}/metrics`)).text() };
}

/** A ledger as the first draft of version 1 has it: no promise of a heartbeat, nothing of a beginning. */
const ledger = (first: number, count: number, lost: number) => ({
  v: 1,
  src: SOURCE,
  first,
  count,
  lost,
  at: Date.now(),
});

void t.test('Two frames are all that a peer of another program needs to send.', async (t) => {
  const { reader, say } = await startWay(t);
  await say(undefined, 'one', 'two');
  await say(undefined, 'three');
  await reader.until((records) => linesOf(records).length === 3);
  t.strictSame(linesOf(reader.records), ['one', 'two', 'three']);
  t.equal(droppedOf(reader.records), 0);
});

void t.test(
  'An older ledger is accounted for by its numbers: each loss at its place, by its hop.',
  async (t) => {
    const { reader, say } = await startWay(t);
    await say(ledger(0, 2, 0), '0', '1');
    await say(ledger(5, 1, 0), '5');
    // Of four more that are missing, the sender says that two never left it.
    await say(ledger(10, 1, 2), '10');
    await say({ ...ledger(11, 0, 2), fin: true });
    await reader.until((records) => linesOf(records).includes('10') && droppedOf(records) === 7);
    t.strictSame(linesOf(reader.records), ['0', '1', '5', '10']);
    const told = reader.records.flatMap(({ dropped }) =>
      dropped === undefined ? [] : [dropped as { reason: string; count: number }],
    );
    const sum = (reason: string) =>
      told.filter((one) => one.reason === reason).reduce((all, { count }) => all + count, 0);
    t.strictSame([sum('transit'), sum('sidecar-overflow')], [5, 2]);
  },
);

void t.test(
  'Of a newer peer, what is unknown is passed over, and another version is refused and counted.',
  async (t) => {
    const { reader, say, metrics } = await startWay(t);
    await say({ ...ledger(0, 1, 0), color: 'blue' }, 'a field more');
    await say({ ...ledger(1, 1, 0), v: 2 }, 'a version more');
    await say(ledger(1, 1, 0), 'and on');
    await reader.until((records) => linesOf(records).length === 2);
    t.strictSame(linesOf(reader.records), ['a field more', 'and on']);
    t.match(await metrics(), 'spillway_messages_refused_total{hop="consolidator",reason="ledger"} 1');
  },
);

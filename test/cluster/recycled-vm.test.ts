import t from 'tap';
import {
  sidecar,
  spillway,
  startRelayProcess,
  untilConsumers,
  untilReady,
  type Part,
} from '../support/processes.js';
import { freePorts } from '../support/ports.js';
import { linesOf, readNdjson } from '../support/readers.js';
import { Etcd, needsEtcd } from './etcd/server.js';

const skip = needsEtcd();

/** Prints a number ten times a second, for as long as it is let. */
const TICKER = [process.execPath, '-e', 'let n = 0; setInterval(() => console.log(`line ${n++}`), 100)'];

interface Test {
  teardown(handler: () => unknown): void;
  comment(text: string): void;
}

async function consolidator(t: Test, etcd: Etcd, publish: string, subscribe: string) {
  const where = ['--publish', publish, '--subscribe', subscribe, '--http', 'off'];
  const part = spillway(t, ['consolidator', ...where, '--announce', etcd.url]);
  const ready = JSON.parse(await part.line(/"ready:/)) as { subscribe: string; time: string };
  return { part, subscribe: ready.subscribe, readyAt: Date.parse(ready.time) };
}

async function discoveringRelay(t: Test, etcd: Etcd): Promise<{ part: Part; url: string }> {
  const part = spillway(t, ['relay', '--discover', etcd.url, '--listen', '127.0.0.1:0']);
  const { url } = JSON.parse(await part.line(/"ready:/)) as { url: string };
  return { part, url };
}

void t.test(
  'a consolidator killed and started at another port is read again within a second',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const [publishPort, firstPort, secondPort] = await freePorts(3);
    const publish = `tcp://127.0.0.1:${publishPort}`;
    let { part: running } = await consolidator(t, etcd, publish, `tcp://127.0.0.1:${firstPort}`);
    const relay = await discoveringRelay(t, etcd);
    await untilReady(relay.url);
    const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme`);
    await untilConsumers(relay.url, 1);
    sidecar(t, publish, 'web-1', TICKER);
    await reader.until((records) => linesOf(records).length >= 3);

    for (const [what, subscribe] of [
      ['at another port', `tcp://127.0.0.1:${secondPort}`],
      ['at the same address', `tcp://127.0.0.1:${firstPort}`],
      ['at the same address again', `tcp://127.0.0.1:${firstPort}`],
    ] as const) {
      await running.stop('SIGKILL');
      const next = await consolidator(t, etcd, publish, subscribe);
      running = next.part;
      const before = reader.records.length;
      await reader.until((records) => records.length > before && linesOf(records.slice(before)).length > 0);
      const took = Date.now() - next.readyAt;
      t.comment(`read again ${took} ms after its consolidator was ready, ${what}`);
      t.ok(took < 1_000, `${what}: ${took} ms`);
    }
  },
);

void t.test(
  'a relay that was started first finds what comes, and etcd may go meanwhile',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const relay = await discoveringRelay(t, etcd);
    t.equal((await fetch(`${relay.url}/readyz`)).status, 503);
    const one = await consolidator(t, etcd, 'tcp://127.0.0.1:*', 'tcp://127.0.0.1:*');
    await untilReady(relay.url);
    const two = await consolidator(t, etcd, 'tcp://127.0.0.1:*', 'tcp://127.0.0.1:*');
    const status = async (text: string) => {
      while ((await (await fetch(`${relay.url}/readyz`)).text()) !== text)
        await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await status('2 consolidators connected\n');
    await etcd.kill();
    await relay.part.line(/discovery: .*what was known before stays/);
    await one.part.line(/cannot announce itself/);
    await status('2 consolidators connected\n');
    await etcd.start({ empty: true });
    await relay.part.line(/it answers again/);
    await status('2 consolidators connected\n');
    await two.part.stop('SIGTERM');
    await status('1 consolidator connected\n');
    await one.part.stop('SIGTERM');
    await status('no consolidator is connected\n');
  },
);

void t.test('what cannot be told or found is refused in a sentence', async (t) => {
  const at = ['--http', 'off', '--subscribe', 'tcp://127.0.0.1:*'];
  for (const [args, says] of [
    [
      ['consolidator', ...at, '--insecure', '--publish', 'tcp://*:*', '--announce', 'etcd://127.0.0.1:1'],
      /bound at every address.*--advertise/,
    ],
    [
      [
        'consolidator',
        ...at,
        '--publish',
        'tcp://127.0.0.1:*',
        '--announce',
        'etcd://127.0.0.1:1',
        '--advertise',
        '*',
      ],
      /"\*" is no address that others can connect to/,
    ],
    [
      ['consolidator', ...at, '--publish', 'tcp://127.0.0.1:*', '--announce', 'consul://h'],
      /names no etcd: write etcd:\/\//,
    ],
    [['relay', '--listen', '127.0.0.1:0', '--discover', 'consul://h'], /no place to find consolidators/],
    [['relay', '--listen', '127.0.0.1:0', '--from', 'nonsense'], /such as tcp:\/\/10\.0\.0\.1:5556/],
  ] as const) {
    const part = spillway(t, args);
    await part.line(says);
    t.equal(await part.stop(), 1, args.join(' '));
  }
});

void t.test('what is named is read beside what is found', async (t) => {
  const part = spillway(t, [
    'consolidator',
    '--publish',
    'tcp://127.0.0.1:*',
    '--subscribe',
    'tcp://127.0.0.1:*',
    '--http',
    'off',
  ]);
  const { subscribe } = JSON.parse(await part.line(/"ready:/)) as { subscribe: string };
  const relay = await startRelayProcess(t, subscribe, ['--discover', 'etcd://127.0.0.1:1/spillway']);
  await untilReady(relay.url);
  await relay.part.line(/ECONNREFUSED/);
});

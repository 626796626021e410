import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { watchEtcd } from '../../../cluster/etcd/watch.js';
import { watchConsolidators } from '../../../cluster/index.js';
import { sinkTo, Told } from '../twin.js';
import { Etcd, needsEtcd } from './server.js';

const skip = needsEtcd();

interface Test {
  teardown(handler: () => unknown): void;
}

function watch(t: Test, url: string, { grace = 60_000, probe = 100 } = {}): Told {
  const told = new Told();
  const source = watchEtcd(url, sinkTo(told), { grace, probe });
  t.teardown(() => source.close());
  return told;
}

const ids = ({ entries }: Told) => entries.map(({ id }) => id).join('');

void t.test('what is there is listed, and what comes and goes is followed', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const first = await etcd.putEntry('one', 1001);
  const told = watch(t, etcd.url, { grace: 50 });
  await told.untilKnown(first);
  const second = await etcd.putEntry('two', 1002, { replay: 'tcp://127.0.0.1:7', curveKey: 'k'.repeat(40) });
  await told.untilKnown(first, second);
  t.match(told.entries[0], { id: 'two', replay: 'tcp://127.0.0.1:7', curveKey: 'k'.repeat(40), version: 1 });
  await etcd.delete('/spillway/one');
  await told.untilKnown(second);
  const moved = await etcd.putEntry('two', 1003);
  await told.untilKnown(moved);
  t.equal(told.entries[0]?.replay, 'tcp://127.0.0.1:1004', 'the next port, unless named');
  await etcd.put('/spillwayer/three', '{}');
  t.strictSame(told.problems, []);
});

void t.test('who goes and is back within the grace was never gone', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const one = await etcd.putEntry('one', 1001);
  const told = watch(t, etcd.url);
  await told.untilKnown(one);
  await etcd.delete('/spillway/one');
  await etcd.putEntry('one', 1001);
  const two = await etcd.putEntry('two', 1002);
  await told.untilKnown(one, two);
  t.ok(
    told.sets.every((set) => set.includes(one)),
    'not even for a moment',
  );
});

void t.test('a run that has taken the place of another is told before it', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const put = (id: string) => etcd.putEntry(id, 1001, { curveKey: id.repeat(40) });
  const follow = async () => {
    const told = new Told();
    const discovery = watchConsolidators(etcd.url, told);
    t.teardown(() => discovery.close());
    await told.until(() => told.sets.length > 0);
    return told;
  };
  await put('m');
  const told = await follow();
  // Behind and before it in the order of keys. Its lease has not run out.
  for (const [id, expected] of [
    ['z', 'zm'],
    ['a', 'azm'],
  ] as const) {
    await put(id);
    await told.until(() => ids(told) === expected);
    t.equal(ids(await follow()), expected, 'in a list as in a watch');
  }
  await etcd.delete('/spillway/z');
  await told.until(() => ids(told) === 'amz');
  t.match(told.entries[0], { id: 'a', curveKey: 'a'.repeat(40) });
});

void t.test('entries that lie are reported and skipped, and the others count', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const lies: Record<string, [value: string | object, says: RegExp]> = {
    'no-json': ['{"id":', /it is no JSON/],
    'no-object': ['[]', /no JSON object/],
    'no-endpoint': [{ id: 'no-endpoint' }, /names no subscribe endpoint/],
    'not-tcp': [{ id: 'not-tcp', subscribe: 'ipc:///etc/x' }, /nothing to connect to/],
    'no-port': [{ id: 'no-port', subscribe: 'tcp://127.0.0.1:70000' }, /nothing to connect to/],
    everywhere: [{ id: 'everywhere', subscribe: 'tcp://0.0.0.0:5556' }, /nothing to connect to/],
    other: [{ id: 'honest', subscribe: 'tcp://127.0.0.1:6' }, /says that it is "honest"/],
    'no-key': [{ id: 'no-key', subscribe: 'tcp://127.0.0.1:6', curveKey: 'short' }, /40 characters of Z85/],
    later: [{ id: 'later', subscribe: 'tcp://127.0.0.1:6', version: 2 }, /version 2/],
    long: [
      JSON.stringify({ id: 'long', subscribe: 'tcp://127.0.0.1:6', more: 'x'.repeat(5_000) }),
      /more than 4096/,
    ],
  };
  const told = watch(t, etcd.url);
  const honest = await etcd.putEntry('honest', 1001);
  await told.untilKnown(honest);
  for (const [id, [value]] of Object.entries(lies)) await etcd.put(`/spillway/${id}`, value);
  await told.until(() => told.problems.length === Object.keys(lies).length);
  Object.entries(lies).forEach(([id, [, says]], at) => {
    t.match(told.sentences[at], says);
    t.match(told.sentences[at], `"/spillway/${id}" is left out`);
    t.equal(told.problems[at]?.error.code, 'entry');
  });
  t.strictSame(told.endpoints, [honest]);
  const after = watch(t, etcd.url);
  await after.untilKnown(honest);
  t.equal(after.problems.length, Object.keys(lies).length, 'in a list as in a watch');
});

void t.test(
  'an etcd that is killed is no empty set, and is followed again when it is back',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const one = await etcd.putEntry('one', 1001);
    const told = watch(t, etcd.url, { grace: 20 });
    await told.untilKnown(one);
    await etcd.kill();
    await told.until(() => told.problems.length > 2);
    t.strictSame(told.endpoints, [one]);
    t.match(told.sentences.at(-1), /ECONNREFUSED.*what was known before stays/);
    await etcd.start();
    const two = await etcd.putEntry('two', 1002);
    await told.untilKnown(one, two);
    // An etcd that is starting up may be reached, lost and reached again.
    await told.until(() => told.recovered.length > 0);
    t.ok(told.recovered.every((name) => name === 'source'));
    t.ok(told.sets.every((set) => set.includes(one)));
  },
);

void t.test(
  'of an etcd that comes back empty, what is not put again goes after the grace',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const [one, two] = [await etcd.putEntry('one', 1001), await etcd.putEntry('two', 1002)];
    const told = watch(t, etcd.url, { grace: 2_000 });
    await told.untilKnown(one, two);
    await etcd.kill();
    await etcd.start({ empty: true });
    await told.until(() => told.recovered.length === 1);
    t.strictSame(told.endpoints, [one, two], 'all are kept at first');
    await etcd.putEntry('one', 1001);
    await told.untilKnown(one);
    t.ok(
      told.sets.every((set) => set.includes(one)),
      'the one that came back was never gone',
    );
  },
);

void t.test('an etcd that is down at the start is waited for', { skip }, async (t) => {
  const etcd = await Etcd.prepare(t);
  const told = watch(t, etcd.url);
  await told.until(() => told.problems.length > 1);
  t.equal(told.problems[0]?.error.code, 'unreachable');
  await etcd.start();
  const one = await etcd.putEntry('one', 1001);
  await told.untilKnown(one);
});

void t.test('of several members, one that answers is enough', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const one = await etcd.putEntry('one', 1001);
  for (let i = 0; i < 5; i += 1) {
    const told = watch(t, `etcd://127.0.0.1:1,${etcd.host},127.0.0.1:2/spillway`);
    await told.untilKnown(one);
  }
});

/** Stands between a watch and its etcd; can hold requests, and can turn silent as a cut cable is. */
async function startProxy(t: Test, target: string) {
  const sockets = new Set<Socket>();
  const state = { silent: false, hold: (_request: string): Promise<void> | void => {} };
  const server = createServer((near) => {
    const far = connect(Number(target.split(':')[1]), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      let order = Promise.resolve();
      from.on('data', (chunk) => {
        order = order.then(async () => {
          if (from === near) await state.hold(chunk.toString('latin1'));
          if (!state.silent && !to.destroyed) to.write(chunk);
        });
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { state, url: `etcd://127.0.0.1:${(server.address() as AddressInfo).port}/spillway` };
}

void t.test('a compaction that overtakes the watch leads to a new list', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  await etcd.putEntry('one', 1001);
  const proxy = await startProxy(t, etcd.host);
  let watches = 0;
  // Between the list and the watch everything changes, and the history of it is thrown away.
  proxy.state.hold = async (request) => {
    if (!request.startsWith('POST /v3/watch') || (watches += 1) > 1) return;
    await etcd.delete('/spillway/one');
    await etcd.putEntry('two', 1002);
    await etcd.put('/elsewhere', 'x');
    await etcd.compact();
  };
  const told = watch(t, proxy.url, { grace: 50, probe: 60_000 });
  await told.untilKnown('tcp://127.0.0.1:1002');
  const three = await etcd.putEntry('three', 1003);
  await told.untilKnown('tcp://127.0.0.1:1002', three);
  t.equal(watches, 2, 'the first was cancelled');
  t.strictSame(told.problems, [], 'and that is no problem to report');
});

void t.test(
  'what happened while the watch was cut off, and was compacted, is known afterwards',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const one = await etcd.putEntry('one', 1001);
    const proxy = await startProxy(t, etcd.host);
    const told = watch(t, proxy.url, { grace: 50 });
    await told.untilKnown(one);
    proxy.state.silent = true;
    await etcd.delete('/spillway/one');
    const two = await etcd.putEntry('two', 1002);
    await etcd.compact();
    await told.until(() => told.problems.length > 0);
    t.match(
      told.sentences[0],
      /has not answered within [\d.]+ s/,
      'an open connection without an answer is found out',
    );
    t.strictSame(told.endpoints, [one]);
    proxy.state.silent = false;
    await told.untilKnown(two);
  },
);

void t.test('a program that is not etcd is said to be none', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  const told = watch(t, `etcd://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await told.until(() => told.problems.length > 0);
  t.match(told.problems[0]?.error, { code: 'answer', message: /does not speak etcd's JSON/ });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { generateKeyPair, writeKeyPair, type CurveKeyPair } from '../../cluster/curve/index.js';
import { startConsolidator, type ConsolidatorOptions, type GuardHooks } from '../../consolidator/index.js';
import { ReplayClient } from '../../relay/replay-client.js';
import { Inbox, Reader, Sender } from '../support/zmq.js';

const ANY = 'tcp://127.0.0.1:*';
const TOPIC = 'tenant/acme/web-1/';

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 5));
}

/** A consolidator that knows one relay and one sidecar. */
async function start(t: Test, options: ConsolidatorOptions = {}, hooks: GuardHooks = {}) {
  const [relay, sidecar] = [generateKeyPair(), generateKeyPair()];
  // A test has one folder, and each call of `testdir` begins it anew.
  const folder = mkdtempSync(join(tmpdir(), 'spillway-curve-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/relays`, `${relay.publicKey}\n`);
  writeFileSync(`${folder}/sidecars`, `${sidecar.publicKey}\n`);
  writeKeyPair(`${folder}/own`, generateKeyPair());
  const consolidator = await startConsolidator(
    {
      publish: ANY,
      subscribe: ANY,
      // With a memory senders are asked for everything, and not for what is read.
      recentBytes: 0,
      curveSecretKey: `${folder}/own`,
      curveAllowPublish: `${folder}/sidecars`,
      curveAllowSubscribe: `${folder}/relays`,
      ...options,
    },
    hooks,
  );
  t.teardown(() => consolidator.close());
  const serverKey = consolidator.curveKey as string;
  const as = (keys: CurveKeyPair) => ({ keys, serverKey });
  return { consolidator, folder, relay: as(relay), sidecar: as(sidecar), as };
}

void t.test('records go from a sidecar to a relay that are both on the lists', async (t) => {
  const { consolidator, relay, sidecar } = await start(t);
  const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve: relay });
  const sender = new Sender(t, consolidator.publish, sidecar);
  await sender.isAskedFor('tenant/acme/');
  await sender.batch(TOPIC, 0, 3);
  const [message] = await reader.inbox.until(({ length }) => length === 1);
  t.equal(message?.lines.length, 3);
  t.strictSame(consolidator.refusedHandshakes, { key: 0, mechanism: 0, crypto: 0, other: 0 });
});

void t.test('a key is let in from the moment it is on the list, without a restart', async (t) => {
  const told = new Inbox<number>();
  const refused = new Inbox<string>();
  const hooks: GuardHooks = {
    onAllowList: ({ size }) => told.put(size),
    onRefused: ({ reason, endpoint }) => refused.put(`${reason} ${endpoint}`),
  };
  const { consolidator, folder, relay, as } = await start(t, {}, hooks);
  const late = generateKeyPair();
  const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve: as(late) });
  await refused.until(({ length }) => length > 0);
  t.strictSame(refused.items, [`key ${consolidator.subscribe}`]);
  writeFileSync(`${folder}/relays`, `${relay.keys.publicKey}\n${late.publicKey}\n`);
  await told.until(({ length }) => length > 0);
  await reader.marks.until(({ length }) => length > 0);
  t.ok(consolidator.refusedHandshakes.key > 0);
});

void t.test(
  'a relay whose key is taken off the list is cut off; the others go on by the numbers',
  async (t) => {
    const { consolidator, folder, relay, sidecar, as } = await start(t);
    const other = generateKeyPair();
    writeFileSync(`${folder}/relays`, `${relay.keys.publicKey}\n${other.publicKey}\n`);
    const [honest, revoked] = [relay, as(other)].map(
      (curve) => new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve }),
    ) as [Reader, Reader];
    const sender = new Sender(t, consolidator.publish, sidecar);
    for (const { marks } of [honest, revoked]) await marks.until(({ length }) => length > 0);
    await sender.batch(TOPIC, 0, 1);
    for (const { inbox } of [honest, revoked]) await inbox.until(({ length }) => length === 1);
    const marks = honest.marks.items.length;
    const refused = consolidator.refusedHandshakes.key;
    writeFileSync(`${folder}/relays`, `${relay.keys.publicKey}\n`);
    await honest.marks.until(({ length }) => length > marks);
    await until(() => consolidator.refusedHandshakes.key > refused);
    await sender.batch(TOPIC, 1, 5);
    const [, next] = await honest.inbox.until(({ length }) => length === 2);
    t.match(next?.ledger, { first: 1, count: 5, lost: 0 });
    t.equal(revoked.inbox.items.length, 1, 'nothing more came to it');
  },
);

void t.test('a sidecar whose key is taken off the list is cut off, and others are asked again', async (t) => {
  for (const recentBytes of [0, 1_000_000]) {
    const { consolidator, folder, relay, sidecar, as } = await start(t, { recentBytes });
    const other = generateKeyPair();
    writeFileSync(`${folder}/sidecars`, `${sidecar.keys.publicKey}\n${other.publicKey}\n`);
    const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve: relay });
    await reader.marks.until(({ length }) => length > 0);
    const stream = recentBytes > 0 ? '' : 'tenant/acme/';
    const [honest, revoked] = [sidecar, as(other)].map(
      (curve) => new Sender(t, consolidator.publish, curve),
    ) as [Sender, Sender];
    for (const sender of [honest, revoked]) await sender.isAskedFor(stream);
    await honest.batch(TOPIC, 0, 1, { src: 'honest' });
    await revoked.batch(TOPIC, 0, 1, { src: 'revoked' });
    await reader.inbox.until(({ length }) => length === 2);
    const asked = () => honest.asked.items.filter((word) => word === `+${stream}`).length;
    const before = asked();
    const refused = consolidator.refusedHandshakes.key;
    writeFileSync(`${folder}/sidecars`, `${sidecar.keys.publicKey}\n`);
    await until(() => asked() > before && consolidator.refusedHandshakes.key > refused);
    await revoked.batch(TOPIC, 1, 1, { src: 'revoked' });
    await honest.batch(TOPIC, 1, 1, { src: 'honest' });
    const messages = await reader.inbox.until(({ length }) => length === 3);
    t.match(messages[2]?.ledger, { src: 'honest', first: 1 });
  }
});

void t.test('who asks for the past with a key that is taken off the list gets no more of it', async (t) => {
  const { consolidator, folder, relay, as } = await start(t, { recentBytes: 1_000_000 });
  const other = generateKeyPair();
  writeFileSync(`${folder}/relays`, `${relay.keys.publicKey}\n${other.publicKey}\n`);
  const [honest, revoked] = [relay, as(other)].map((curve) => {
    const client = new ReplayClient({ maxBodyBytes: 1024 });
    t.teardown(() => client.close());
    client.follow([{ endpoint: consolidator.replay, curve }]);
    return client;
  }) as [ReplayClient, ReplayClient];
  await until(() => honest.nodes.size + revoked.nodes.size === 2);
  writeFileSync(`${folder}/relays`, `${relay.keys.publicKey}\n`);
  await until(() => revoked.nodes.size === 0 && revoked.refused.key > 0);
  await until(() => honest.nodes.size === 1);
  const page = await honest.page(consolidator.node, { stream: TOPIC, until: 0, start: { from: 0 } });
  t.equal(page.node, consolidator.node);
});

void t.test('a key that nobody has used is taken off the list without anybody noticing', async (t) => {
  const told = new Inbox<number>();
  const { folder, consolidator, relay } = await start(
    t,
    {},
    { onAllowList: (_, removed) => told.put(removed) },
  );
  const unused = generateKeyPair();
  const write = (keys: readonly string[]) =>
    writeFileSync(`${folder}/relays`, keys.map((key) => `${key}\n`).join(''));
  write([relay.keys.publicKey, unused.publicKey]);
  // The lists of both the relays' doors are in that file.
  await told.until(({ length }) => length === 2);
  const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve: relay });
  await reader.marks.until(({ length }) => length > 0);
  write([relay.keys.publicKey]);
  await told.until((removed) => removed.filter((count) => count === 1).length === 2);
  // A door that was opened anew would have asked for a second handshake, and given a second mark, by the time of this one.
  const next = new Reader(t, consolidator.subscribe, ['tenant/other/'], { curve: relay });
  await next.marks.until(({ length }) => length > 0);
  t.equal(reader.marks.items.length, 1);
});

void t.test(
  'several consolidators in one process share the one ZAP endpoint, one after the other too',
  async (t) => {
    for (let round = 0; round < 3; round += 1) {
      const both = [await start(t), await start(t)] as const;
      for (const [i, { consolidator, relay }] of both.entries()) {
        const other = both[1 - i] as (typeof both)[0];
        const reader = new Reader(t, consolidator.subscribe, ['tenant/acme/'], { curve: relay });
        await reader.marks.until(({ length }) => length > 0);
        // The lists are not one list.
        const curve = { keys: relay.keys, serverKey: other.consolidator.curveKey as string };
        const stranger = new Reader(t, other.consolidator.subscribe, ['tenant/acme/'], { curve });
        while (other.consolidator.refusedHandshakes.key === 0)
          await new Promise((done) => setTimeout(done, 5));
        t.equal(stranger.marks.items.length, 0);
        await Promise.all([reader.close(), stranger.close()]);
      }
      for (const { consolidator } of both) await consolidator.close();
    }
  },
);

void t.test('beyond loopback each socket needs its list, or --insecure', async (t) => {
  const { folder } = await start(t);
  const everywhere = 'tcp://0.0.0.0:*';
  const keys = { curveSecretKey: `${folder}/own` };
  const publish = { curveAllowPublish: `${folder}/sidecars` };
  const subscribe = { curveAllowSubscribe: `${folder}/relays` };
  for (const [options, says] of [
    [
      { publish: everywhere },
      /could write every tenant's logs: give --curve-secret-key and --curve-allow-publish/,
    ],
    [{ publish: everywhere, ...keys }, /could write/],
    [{ publish: everywhere, ...keys, ...subscribe }, /could write/],
    [
      { subscribe: everywhere, ...keys, ...publish },
      /could read every tenant's logs: .*--curve-allow-subscribe/,
    ],
  ] as const) {
    await t.rejects(startConsolidator({ publish: ANY, subscribe: ANY, recentBytes: 0, ...options }), {
      code: 'insecure',
      message: says,
    });
  }
  for (const options of [{ ...keys, ...publish, ...subscribe }, { insecure: true }]) {
    const open = await startConsolidator({ publish: everywhere, subscribe: everywhere, ...options });
    await open.close();
  }
  await t.rejects(startConsolidator({ publish: ANY, subscribe: ANY, recentBytes: 0, ...publish }), {
    code: 'insecure',
    message: /An allow-list for publish counts with CURVE alone/,
  });
});

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { generateKeyPair, writeKeyPair } from '../../cluster/curve/index.js';
import { startConsolidator } from '../../consolidator/index.js';
import { startRelay } from '../../relay/index.js';
import { TwinDirectory } from '../cluster/twin.js';
import { readNdjson } from '../support/readers.js';
import { until } from '../support/relay.js';
import { Publisher } from '../support/relay-http.js';

const TOPIC = 'tenant/acme/web-1/';

void t.test('a relay reads the consolidators that are found, as they come and go', async (t) => {
  const directory = new TwinDirectory();
  const known: number[] = [];
  const [one, two] = [await Publisher.bind(t), await Publisher.bind(t)];
  const relay = await startRelay(
    { discover: ['etcd://directory:2379'], port: 0, drainTimeout: 100 },
    { watch: directory.watch, onConsolidators: (entries) => known.push(entries.length) },
  );
  t.teardown(() => relay.close());
  const ready = async () => (await fetch(`${relay.url}/readyz`)).status;
  t.equal(await ready(), 503);
  const reader = await readNdjson(t, `${relay.url}/v1/logs/tenant/acme`);

  directory.set(one.endpoint);
  await one.wanted('tenant/acme/');
  await until(() => relay.core.connected === 1, 'it is connected');
  t.equal(await ready(), 200);
  await one.send(TOPIC, 2);
  await reader.until((records) => records.length === 2);

  directory.set(one.endpoint, two.endpoint);
  await two.wanted('tenant/acme/');
  await two.send('tenant/acme/web-2/', 3);
  await reader.until((records) => records.length === 5);

  directory.set();
  await Promise.all([one.unwanted('tenant/acme/'), two.unwanted('tenant/acme/')]);
  t.equal(relay.core.connected, 0);
  t.equal(await ready(), 503);
  t.strictSame(known, [1, 2, 0]);
  await relay.close();
  t.ok(directory.closed);
});

void t.test('of several runs at one endpoint the first that is trusted is read', async (t) => {
  const folder = t.testdir();
  const file = (name: string) => `${folder}/${name}`;
  const [reader, own] = [generateKeyPair(), generateKeyPair()];
  const [old, foreign] = [generateKeyPair(), generateKeyPair()];
  writeKeyPair(file('vm'), own);
  writeKeyPair(file('relay'), reader);
  writeFileSync(file('relays'), `${reader.publicKey}\n`);
  writeFileSync(file('allow'), [own, old].map(({ publicKey }) => `${publicKey}\n`).join(''));
  const vm = await startConsolidator({
    publish: 'tcp://127.0.0.1:*',
    subscribe: 'tcp://127.0.0.1:*',
    curveSecretKey: file('vm'),
    curveAllowPublish: file('relays'),
    curveAllowSubscribe: file('relays'),
  });
  t.teardown(() => vm.close());
  const directory = new TwinDirectory();
  const problems: string[] = [];
  const relay = await startRelay(
    {
      discover: ['etcd://directory:2379'],
      port: 0,
      curveSecretKey: file('relay'),
      curveAllow: file('allow'),
    },
    { watch: directory.watch, onDiscoveryProblem: ({ error }) => problems.push(error.message) },
  );
  t.teardown(() => relay.close());
  const { subscribe, replay } = vm;
  const entry = (id: string, { publicKey: curveKey }: { publicKey: string }) => ({
    id,
    subscribe,
    curveKey,
    version: 1,
    ...(replay !== undefined && { replay }),
  });
  directory.setEntries(entry('stranger', foreign), entry('new', own), entry('old', old));
  await until(() => relay.core.connected === 1, 'it is connected');
  t.equal(problems.length, 1);
  t.match(problems[0], /is not on the allow-list/);
});

void t.test('an endpoint that ZeroMQ refuses is told of, and the others are read', async (t) => {
  const directory = new TwinDirectory();
  const publisher = await Publisher.bind(t);
  const problems: string[] = [];
  const relay = await startRelay(
    { discover: ['etcd://directory:2379'], port: 0 },
    { watch: directory.watch, onDiscoveryProblem: ({ source }) => problems.push(source) },
  );
  t.teardown(() => relay.close());
  directory.set('nonsense', publisher.endpoint);
  await until(() => relay.core.connected === 1, 'the other is connected');
  t.strictSame(problems, ['nonsense']);
});

import t from 'tap';
import { announceInEtcd } from '../../../cluster/etcd/announce.js';
import { watchEtcd } from '../../../cluster/etcd/watch.js';
import type { ConsolidatorEntry } from '../../../cluster/index.js';
import { until } from '../../support/relay.js';
import { sinkTo, Told } from '../twin.js';
import { Etcd, needsEtcd } from './server.js';

const skip = needsEtcd();

interface Test {
  teardown(handler: () => unknown): void;
}

const ENTRY: ConsolidatorEntry = {
  id: 'run-1',
  subscribe: 'tcp://127.0.0.1:5556',
  publish: 'tcp://127.0.0.1:5555',
  replay: 'tcp://127.0.0.1:5557',
  version: 1,
};
const KEY = '/spillway/run-1';

function announce(t: Test, etcd: Etcd, entry = ENTRY) {
  const announced: number[] = [];
  const problems: string[] = [];
  const announcement = announceInEtcd(
    etcd.url,
    entry,
    {
      onAnnounced: () => announced.push(performance.now()),
      onProblem: ({ message }) => problems.push(message),
    },
    { renew: 100 },
  );
  t.teardown(() => announcement.close());
  const times = (count: number) => until(() => announced.length >= count, `announced ${count} times`, 20_000);
  return { announcement, announced, problems, times };
}

function watch(t: Test, etcd: Etcd, grace = 50): Told {
  const told = new Told();
  const source = watchEtcd(etcd.url, sinkTo(told), { grace });
  t.teardown(() => source.close());
  return told;
}

void t.test('two consolidators come, and are gone when they say so', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const told = watch(t, etcd);
  const one = announce(t, etcd);
  await told.untilKnown(ENTRY.subscribe);
  t.strictSame(told.entries, [ENTRY], 'what was said is what is read');
  const other = { ...ENTRY, id: 'run-2', subscribe: 'tcp://127.0.0.1:6556' };
  const two = announce(t, etcd, other);
  await told.untilKnown(ENTRY.subscribe, other.subscribe);
  await one.announcement.close();
  await told.untilKnown(other.subscribe);
  await two.announcement.close();
  await two.announcement.close();
  await told.untilKnown();
  t.strictSame([...one.problems, ...two.problems, ...told.problems], []);
});

void t.test(
  'a lease that somebody revokes is granted again, and nobody was disconnected',
  { skip },
  async (t) => {
    const etcd = await Etcd.start(t);
    const told = watch(t, etcd, 10_000);
    const { times } = announce(t, etcd);
    await times(1);
    const lease = (await etcd.leaseOf(KEY)) as string;
    await etcd.revoke(lease);
    await times(2);
    const next = await etcd.leaseOf(KEY);
    t.ok(next);
    t.not(next, lease);
    await told.untilKnown(ENTRY.subscribe);
    t.ok(told.sets.slice(told.sets.findIndex((set) => set.length > 0)).every((set) => set.length === 1));
  },
);

void t.test('an entry that somebody deletes or overwrites is put again', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const { times } = announce(t, etcd);
  await times(1);
  await etcd.delete(KEY);
  await times(2);
  t.ok(await etcd.leaseOf(KEY));
  await etcd.put(KEY, { ...ENTRY, subscribe: 'tcp://127.0.0.1:6' });
  await times(3);
  const told = watch(t, etcd);
  await told.untilKnown(ENTRY.subscribe);
});

void t.test('it lives as long as it is renewed, and no longer than its lease', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const { announcement } = announce(t, etcd);
  const short = announceInEtcd(etcd.url, { ...ENTRY, id: 'left' }, {}, { ttl: 2, renew: 60_000 });
  t.teardown(() => short.close());
  const told = watch(t, etcd);
  await told.until(() => told.entries.length === 2);
  await told.until(() => told.entries.length === 1);
  t.equal(told.entries[0]?.id, ENTRY.id);
  await announcement.close();
});

void t.test(
  'an etcd that is down, killed or restarted empty is tried until it is back',
  { skip },
  async (t) => {
    const etcd = await Etcd.prepare(t);
    const { problems, times, announced } = announce(t, etcd);
    await until(() => problems.length > 0, 'a problem');
    t.match(problems[0], /ECONNREFUSED/);
    await etcd.start();
    await times(1);
    for (const empty of [false, true]) {
      const before = announced.length;
      await etcd.kill();
      await until(() => problems.length === before + 1, 'the next problem');
      await etcd.start({ empty });
      await times(before + 1);
      t.ok(await etcd.leaseOf(KEY), empty ? 'put again' : 'still there');
    }
    t.equal(problems.length, 3, 'each outage is told once');
  },
);

void t.test('closing does not wait for an etcd that is gone', { skip }, async (t) => {
  const etcd = await Etcd.start(t);
  const { announcement, times } = announce(t, etcd);
  await times(1);
  await etcd.kill();
  await announcement.close();
});

void t.test(
  'the members that a relay and a consolidator find their etcd by are spelled in one way',
  async (t) => {
    for (const url of [
      'etcd://',
      'etcd://host',
      'etcd://u:p@h:2379/x',
      'http://h:2379',
      'etcd://h:2379/x?y',
      'etcd://h:99999',
    ]) {
      t.throws(
        () => announceInEtcd(url, ENTRY),
        { code: 'url', message: /write etcd:\/\/10\.0\.0\.1:2379/ },
        url,
      );
    }
  },
);

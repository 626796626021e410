import { Resolver } from 'node:dns/promises';
import t from 'tap';
import { watchDns, type DnsTarget } from '../../cluster/dns.js';
import { startDns } from './dns-server.js';
import { sinkTo, Told } from './twin.js';

const VMS: DnsTarget = { kind: 'address', name: 'vms.internal', port: 5556 };

interface Test {
  teardown(handler: () => unknown): void;
}

interface Settings {
  readonly grace?: number;
  readonly keep?: number;
  readonly poll?: number | 'ttl';
}

async function setUp(t: Test) {
  const server = await startDns(t);
  const watch = (target: DnsTarget, { poll = 20, ...rest }: Settings = {}) => {
    const resolver = new Resolver({ timeout: 500, tries: 1 });
    resolver.setServers([server.address]);
    const told = new Told();
    const source = watchDns(target, sinkTo(told), {
      grace: 50,
      resolver,
      ...rest,
      ...(poll !== 'ttl' && { poll }),
    });
    t.teardown(() => source.close());
    return told;
  };
  return { ...server, watch };
}

void t.test('the addresses of a name are followed, of both families', async (t) => {
  const { records, watch } = await setUp(t);
  records.set('vms.internal', [
    { type: 'A', address: '10.0.0.1' },
    { type: 'AAAA', address: [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] },
  ]);
  const told = watch(VMS);
  await told.untilKnown('tcp://10.0.0.1:5556', 'tcp://[fd00::9]:5556');
  records.set('vms.internal', [
    { type: 'A', address: '10.0.0.2' },
    { type: 'A', address: '10.0.0.1' },
  ]);
  await told.untilKnown('tcp://10.0.0.1:5556', 'tcp://10.0.0.2:5556');
  t.strictSame(told.problems, []);
});

void t.test('an SRV record names a host and its port', async (t) => {
  const { records, watch } = await setUp(t);
  records.set('_spillway._tcp.internal', [
    { type: 'SRV', target: 'vm-1.internal', port: 7001 },
    { type: 'SRV', target: 'vm-2.internal', port: 7002 },
    { type: 'SRV', target: 'gone.internal', port: 7003 },
    { type: 'SRV', target: 'vm-1.internal', port: 0 },
  ]);
  records.set('vm-1.internal', [{ type: 'A', address: '10.0.0.1' }]);
  records.set('vm-2.internal', [{ type: 'A', address: '10.0.0.2' }]);
  const told = watch({ kind: 'srv', name: '_spillway._tcp.internal' });
  await told.untilKnown('tcp://10.0.0.1:7001', 'tcp://10.0.0.2:7002');
  const first = told.entries.find(({ subscribe }) => subscribe === 'tcp://10.0.0.1:7001');
  t.equal(first?.replay, 'tcp://10.0.0.1:7002');
  t.strictSame(told.problems, [], 'a VM that is not there is no problem');
});

void t.test('a server that fails, and one that knows nothing any more, keep what was known', async (t) => {
  const { records, state, watch } = await setUp(t);
  records.set('vms.internal', [{ type: 'A', address: '10.0.0.1' }]);
  const told = watch(VMS, { grace: 1 });
  await told.untilKnown('tcp://10.0.0.1:5556');
  state.failing = true;
  await told.until(() => told.problems.length > 1);
  t.match(told.sentences.at(-1), /no answer for vms.internal: .*ESERVFAIL.*; what was known before stays/);
  state.failing = false;
  records.delete('vms.internal');
  await told.until(() => /ENOTFOUND/.test(told.sentences.at(-1) ?? ''));
  records.set('vms.internal', []);
  await told.until(() => /ENODATA/.test(told.sentences.at(-1) ?? ''));
  t.strictSame(told.endpoints, ['tcp://10.0.0.1:5556']);
  records.set('vms.internal', [{ type: 'A', address: '10.0.0.2' }]);
  await told.untilKnown('tcp://10.0.0.2:5556');
  t.equal(told.recovered.length, 1);
});

void t.test('but not for ever', async (t) => {
  const { records, watch } = await setUp(t);
  records.set('vms.internal', [{ type: 'A', address: '10.0.0.1' }]);
  const told = watch(VMS, { grace: 20, keep: 200 });
  await told.untilKnown('tcp://10.0.0.1:5556');
  records.delete('vms.internal');
  await told.untilKnown();
  t.match(told.sentences.at(-1), /what was known is dropped/);
});

void t.test('it is asked again when the answer is no longer good', async (t) => {
  const { records, state, watch } = await setUp(t);
  records.set('vms.internal', [{ type: 'A', address: '10.0.0.1', ttl: 1 }]);
  records.set('other.internal', [{ type: 'A', address: '10.0.0.1', ttl: 3_600 }]);
  const short = watch(VMS, { poll: 'ttl' });
  const long = watch({ ...VMS, name: 'other.internal' }, { poll: 'ttl' });
  await Promise.all([short.untilKnown('tcp://10.0.0.1:5556'), long.untilKnown('tcp://10.0.0.1:5556')]);
  t.equal(state.questions, 4, 'both families of both names');
  records.set('vms.internal', [{ type: 'A', address: '10.0.0.2', ttl: 1 }]);
  const start = performance.now();
  await short.untilKnown('tcp://10.0.0.1:5556', 'tcp://10.0.0.2:5556');
  t.ok(performance.now() - start < 1_300, 'after its second, and some jitter');
  t.equal(state.questions, 6, 'and only the short one');
});

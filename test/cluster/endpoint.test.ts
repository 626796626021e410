import t from 'tap';
import { canonicalEndpoint, isWildcardHost, nextPort, parseTcpEndpoint } from '../../cluster/endpoint.js';

void t.test('a TCP endpoint is an address or a name, and a port', async (t) => {
  t.strictSame(parseTcpEndpoint('tcp://10.0.0.1:5556'), { host: '10.0.0.1', port: 5556 });
  t.strictSame(parseTcpEndpoint('tcp://[fd00::1]:1'), { host: 'fd00::1', port: 1 });
  t.strictSame(parseTcpEndpoint('tcp://vm-1.internal:65535'), { host: 'vm-1.internal', port: 65_535 });
  for (const text of [
    '',
    'tcp://',
    'tcp://10.0.0.1',
    'tcp://10.0.0.1:0',
    'tcp://10.0.0.1:65536',
    'tcp://10.0.0.256:1',
    'tcp://fd00::1:5556',
    'tcp://[10.0.0.1]:5556',
    'tcp://[]:5556',
    'tcp://a b:5556',
    'tcp://-a:5556',
    'tcp://a/b:5556',
    'tcp://eth0;10.0.0.1:5556',
    'udp://10.0.0.1:5556',
    'tcp://10.0.0.1:5556\n',
    `tcp://${'a.'.repeat(127)}:5556`,
  ]) {
    t.equal(parseTcpEndpoint(text), undefined, JSON.stringify(text));
  }
});

void t.test('one endpoint has one spelling', async (t) => {
  for (const [spelled, canonical] of [
    ['tcp://[0:0:0:0:0:0:0:1]:05556', 'tcp://[::1]:5556'],
    ['tcp://[::ffff:127.0.0.1]:5556', 'tcp://127.0.0.1:5556'],
    ['tcp://[FD00::A]:5556', 'tcp://[fd00::a]:5556'],
    ['tcp://VM-1:5556', 'tcp://vm-1:5556'],
    ['ipc:///run/x', 'ipc:///run/x'],
  ] as const) {
    t.equal(canonicalEndpoint(spelled), canonical);
    t.equal(canonicalEndpoint(canonical), canonical);
  }
});

void t.test('the next port is one up, where there is one', async (t) => {
  t.equal(nextPort('tcp://[::1]:5556'), 'tcp://[::1]:5557');
  t.equal(nextPort('tcp://10.0.0.1:65535'), undefined);
  t.equal(nextPort('ipc:///run/x'), undefined);
});

void t.test('an address that means all of them is known in its spellings', async (t) => {
  for (const host of ['*', '0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::0', '::0.0.0.0'])
    t.ok(isWildcardHost(host), host);
  for (const host of ['127.0.0.1', '::1', 'vm-0', '10.0.0.0', '::ffff:1.2.3.4'])
    t.notOk(isWildcardHost(host), host);
});

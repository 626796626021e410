import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { startRelay } from '../../relay/index.js';
import { unansweredPeers } from '../../relay/dead-peers.js';
import { until } from '../support/relay.js';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

const row = (
  rem: string,
  st: string,
  timer: string,
  retransmits: string,
  probes: number,
  local = '0100007F:1F90',
) =>
  `   0: ${local} ${rem} ${st} 00000000:00000000 ${timer}:00000014 ${retransmits}     0        ${probes} 27254 2 0 20 4 24 10 -1\n`;

void t.test('the table of the kernel tells who does not answer', async (t) => {
  const table =
    HEAD +
    row('0100007F:D431', '01', '01', '00000005', 0) +
    row('0200007F:D431', '01', '01', '00000004', 0) +
    row('0300007F:D431', '01', '04', '00000000', 5) +
    row('0400007F:D431', '01', '04', '00000000', 1) +
    row('0500007F:D431', '06', '01', '00000009', 0) +
    row('0600007F:D431', '01', '01', '00000009', 0, '0100007F:1F91') +
    row('0100007F:1F90', '01', '01', '00000009', 0, '0100007F:D431');
  t.strictSame(unansweredPeers(table, 8080), [
    { address: '127.0.0.1', port: 54321 },
    { address: '127.0.0.3', port: 54321 },
  ]);
  const six =
    HEAD +
    row(
      '0000000000000000FFFF00000100007F:D431',
      '01',
      '01',
      '00000005',
      0,
      '00000000000000000000000000000000:1F90',
    ) +
    row(
      'B80D0120000000000000000001000000:D431',
      '01',
      '01',
      '00000005',
      0,
      '00000000000000000000000000000000:1F90',
    );
  t.strictSame(unansweredPeers(six, 8080), [
    { address: '127.0.0.1', port: 54321 },
    { address: '2001:db8::1', port: 54321 },
  ]);
  t.strictSame(unansweredPeers('', 8080), []);
});

/** A network of its own, with a host on it that can be unplugged. */
const NETWORK = { namespace: `spillway-${process.pid}`, inside: '10.231.77.2', outside: '10.231.77.1' };

function ip(...words: string[]): boolean {
  return spawnSync('ip', words).status === 0;
}

const canNetwork = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'list']).status === 0;
const skip = canNetwork
  ? false
  : 'network namespaces need root and iproute2: run test/install-tools.sh, and the tests as root';

void t.test(
  'a reader whose machine has vanished is cut, one that only does not read is kept',
  { skip },
  async (t) => {
    const { namespace, inside, outside } = NETWORK;
    const [near, far] = [`sw${process.pid}a`.slice(0, 15), `sw${process.pid}b`.slice(0, 15)];
    t.teardown(() => ip('netns', 'del', namespace));
    t.teardown(() => ip('link', 'del', near));
    ip('netns', 'add', namespace);
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace);
    ip('addr', 'add', `${outside}/30`, 'dev', near);
    ip('link', 'set', near, 'up');
    ip('-n', namespace, 'addr', 'add', `${inside}/30`, 'dev', far);
    ip('-n', namespace, 'link', 'set', far, 'up');

    const relay = await startRelay({ from: [], host: outside, port: 0, insecure: true, keepalive: 250 });
    t.teardown(() => relay.close());
    const url = `${relay.url}/v1/logs/tenant/acme?format=sse`;
    const vanishing = spawn('ip', ['netns', 'exec', namespace, 'curl', '-sN', url], { stdio: 'ignore' });
    t.teardown(() => vanishing.kill('SIGKILL'));
    const stopped = spawn('curl', ['-sN', url], { stdio: 'ignore' });
    t.teardown(() => stopped.kill('SIGKILL'));
    await Promise.all([once(vanishing, 'spawn'), once(stopped, 'spawn')]);
    await until(() => relay.core.size === 2, 'both are there');

    stopped.kill('SIGSTOP');
    ip('-n', namespace, 'link', 'set', far, 'down');
    await until(() => relay.core.size === 1, 'the one that has vanished is gone', 40_000);
    t.equal(stopped.exitCode, null);
  },
);

import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { Peers } from '../../relay/peer.js';

function seen(proxies: string[], remoteAddress: string | undefined, forwarded?: string, proto?: string) {
  const headers = { 'x-forwarded-for': forwarded, 'x-forwarded-proto': proto };
  return new Peers(proxies).of({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
}

void t.test(
  'without a trusted proxy the address is that of the connection, whatever is claimed',
  async (t) => {
    t.strictSame(seen([], '10.0.0.1', '6.6.6.6', 'https'), { address: '10.0.0.1', secure: false });
    t.strictSame(seen(['10.0.0.2'], '10.0.0.1', '6.6.6.6', 'https'), { address: '10.0.0.1', secure: false });
    t.strictSame(seen([], '::ffff:10.0.0.1'), { address: '10.0.0.1', secure: false });
    t.strictSame(seen([], undefined), { address: '', secure: false });
  },
);

void t.test('a chain of proxies is believed as far as it is trusted', async (t) => {
  for (const [chain, address] of [
    ['6.6.6.6', '6.6.6.6'],
    ['1.1.1.1, 6.6.6.6', '6.6.6.6'],
    ['1.1.1.1, 6.6.6.6, 10.9.9.9', '6.6.6.6'],
    ['10.1.1.1, 10.9.9.9', '10.1.1.1'],
    ['1.1.1.1, nonsense', '10.0.0.1'],
    ['', '10.0.0.1'],
    ['::ffff:6.6.6.6', '6.6.6.6'],
    ['2001:db8::1', '2001:db8::1'],
  ] as const) {
    t.equal(seen(['10.0.0.0/8'], '10.0.0.1', chain).address, address, chain);
  }
  t.equal(seen(['fd00::/8'], 'fd00::1', '6.6.6.6').address, '6.6.6.6');
});

void t.test('https counts where a trusted proxy says it', async (t) => {
  t.equal(seen(['10.0.0.1'], '10.0.0.1', '6.6.6.6', 'https').secure, true);
  t.equal(seen(['10.0.0.1'], '10.0.0.1', '6.6.6.6', 'HTTPS, http').secure, true);
  t.equal(seen(['10.0.0.1'], '10.0.0.1', '6.6.6.6', 'http').secure, false);
});

void t.test('what is no address is refused at the start', async (t) => {
  for (const proxy of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '']) {
    t.throws(
      () => new Peers([proxy]),
      { name: 'RelayError', code: 'endpoint', message: /--trust-proxy/ },
      proxy,
    );
  }
});

import t from 'tap';
import { Places } from '../../relay/places.js';

const LIMITS = { maxConsumers: 10, maxConsumersPerTenant: 4, maxConsumersPerAddress: 2 };

void t.test('each limit has its status, its reason and a time to come again', async (t) => {
  const places = new Places(LIMITS);
  for (const [tenant, address] of [
    ['acme', '10.0.0.1'],
    ['acme', '10.0.0.1'],
  ] as const) {
    places.take(tenant, address);
  }
  const again = { 'Retry-After': /^\d+$/ };
  t.throws(() => places.take('acme', '10.0.0.1'), {
    name: 'Refusal',
    status: 429,
    reason: 'address-full',
    detail: /10\.0\.0\.1 has its 2 .*--trust-proxy/,
    headers: again,
  });
  places.take('acme', '10.0.0.2');
  places.take('acme', '10.0.0.3');
  t.throws(() => places.take('acme', '10.0.0.4'), {
    name: 'Refusal',
    status: 429,
    reason: 'tenant-full',
    headers: again,
  });
  for (let i = 0; i < 3; i += 1) places.take('', `10.0.1.${i}`);
  for (let i = 0; i < 3; i += 1) places.take('other', `10.0.1.${i}`);
  t.throws(() => places.take('third', '10.0.0.5'), {
    name: 'Refusal',
    status: 503,
    reason: 'relay-full',
    headers: again,
  });
});

void t.test('a place that is given back is free, once', async (t) => {
  const places = new Places({ ...LIMITS, maxConsumers: 1 });
  const release = places.take('acme', '10.0.0.1');
  t.throws(() => places.take('acme', '10.0.0.1'));
  release();
  release();
  t.equal(places.taken, 0);
  places.take('acme', '10.0.0.1');
  t.throws(() => places.take('acme', '10.0.0.1'));
});

void t.test('an IPv6 network is one address, and this machine is none', async (t) => {
  const places = new Places({ maxConsumers: 99, maxConsumersPerTenant: 99, maxConsumersPerAddress: 1 });
  places.take('acme', '2001:db8::1');
  t.throws(() => places.take('acme', '2001:db8:0:0:ffff::2'), { name: 'Refusal', reason: 'address-full' });
  t.throws(() => places.take('acme', '2001:0db8::2'), { name: 'Refusal', reason: 'address-full' });
  places.take('acme', '2001:db8:0:1::1');
  for (const address of ['127.0.0.1', '127.0.0.1', '::1', '::1', '', '']) places.take('acme', address);
});

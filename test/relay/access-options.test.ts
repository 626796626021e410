import t from 'tap';
import { startRelay } from '../../relay/index.js';
import { bearer, head, Issuer, makeKey, sign } from '../support/issuer.js';
import { ask, open, RawClient, startPair } from '../support/relay-http.js';
import { until } from '../support/relay.js';

const PATH = '/v1/logs/tenant/acme/web-1';

void t.test('a relay listens beyond loopback only where it asks for tokens, or is told to', async (t) => {
  const issuer = await Issuer.start(t);
  await t.rejects(startRelay({ from: [], host: '0.0.0.0', port: 0 }), {
    code: 'insecure',
    message: /--jwks, --jwt-key-file or --jwt-secret-file.*--insecure/,
  });
  for (const options of [{ jwks: issuer.url }, { insecure: true }]) {
    const relay = await startRelay({ from: [], host: '0.0.0.0', port: 0, ...options });
    await relay.close();
  }
});

void t.test('what contradicts itself is refused at the start, in words', async (t) => {
  for (const [options, code, message] of [
    [{ jwks: 'https://a.example', jwtKeyFile: 'x' }, 'options', /one of --jwks/],
    [{ jwtIssuer: 'https://a.example' }, 'options', /no key to check them with/],
    [{ ticketSecretFile: 'x' }, 'options', /no key to check them with/],
    [{ jwks: 'file:///etc/passwd' }, 'options', /--jwks takes/],
    [{ jwks: 'nonsense' }, 'options', /--jwks takes/],
    [{ jwtKeyFile: '/absent' }, 'key', /--jwt-key-file.*ENOENT/],
    [{ cors: ['*'] }, 'endpoint', /--cors/],
    [{ cors: ['https://a.example/'] }, 'endpoint', /--cors/],
    [{ trustProxy: ['proxy'] }, 'endpoint', /--trust-proxy/],
  ] as const) {
    await t.rejects(startRelay({ from: [], port: 0, ...options }), { code, message });
  }
});

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });

void t.test('consumers over a limit are told so, and those that are there stay', async (t) => {
  const { relay } = await startPair(t, {
    maxConsumers: 3,
    maxConsumersPerTenant: 2,
    maxConsumersPerAddress: 1,
    trustProxy: ['127.0.0.1'],
  });
  const first = await open(relay, PATH, from('10.0.0.1'));
  t.match([...relay.core.consumers()], [{ remote: '10.0.0.1' }]);
  const tooMany = await ask(relay, PATH, from('10.0.0.1'));
  t.equal(tooMany.status, 429);
  t.match(tooMany.headers, { 'retry-after': /^\d+$/ });
  await open(relay, PATH, from('10.0.0.2'));
  t.match(JSON.parse((await ask(relay, PATH, from('10.0.0.3'))).text), {
    status: 429,
    detail: /This tenant/,
  });
  await open(relay, '/v1/logs/system', from('10.0.0.3'));
  t.match(JSON.parse((await ask(relay, '/v1/logs/system', from('10.0.0.4'))).text), {
    status: 503,
    detail: /This relay has its 3/,
  });
  t.equal(relay.core.size, 3);
  first.destroy();
  await until(() => relay.core.size === 2, 'it has gone');
  t.equal((await open(relay, PATH, from('10.0.0.4'))).status, 200, 'its place is free');
});

void t.test('a client that goes while its token is checked leaves nothing behind', async (t) => {
  const issuer = await Issuer.start(t);
  const { relay } = await startPair(t, { jwks: issuer.url, jwksCooldown: 0, maxConsumers: 1 });
  await head(relay, PATH, bearer(await issuer.token()));
  const two = await makeKey('two');
  await issuer.publish(two);
  const { asked } = issuer;
  const held: (() => void)[] = [];
  issuer.held = new Promise((resolve) => held.push(resolve));
  const token = await sign(two);
  const client = await RawClient.connect(t, relay);
  client.write(`GET ${PATH} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${token}`, '', '');
  await until(() => issuer.asked > asked, 'the token is being checked');
  t.equal((await ask(relay, '/healthz')).status, 200, 'which holds nobody up');
  client.socket.resetAndDestroy();
  t.equal((await ask(relay, '/healthz')).status, 200, 'the relay has had a turn since');
  held.forEach((answer) => answer());
  let stream = await open(relay, PATH, { headers: bearer(token) });
  for (let i = 0; i < 100 && stream.status === 503; i += 1) {
    stream = await open(relay, PATH, { headers: bearer(token) });
  }
  t.equal(stream.status, 200, 'its place is free');
  t.equal(relay.core.size, 1);
});

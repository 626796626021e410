import t, { type Test } from 'tap';
import { JwksKeys, type KeysHooks } from '../../../relay/auth/jwks-keys.js';
import { Tokens } from '../../../relay/auth/tokens.js';
import { Issuer, makeKey, sign } from '../../support/issuer.js';
import { until } from '../../support/relay.js';

const NEVER = 3_600_000;

function follow(
  t: Test,
  issuer: Issuer,
  settings: { refresh?: number; cooldown?: number } = {},
  hooks: KeysHooks = {},
) {
  const keys = new JwksKeys(new URL(issuer.url), { refresh: NEVER, cooldown: NEVER, ...settings }, hooks);
  t.teardown(() => keys.close());
  return new Tokens(keys, { leeway: 0 });
}

void t.test('the document is fetched once, however many tokens are checked', async (t) => {
  const issuer = await Issuer.start(t);
  const tokens = follow(t, issuer);
  const token = await issuer.token();
  await Promise.all(Array.from({ length: 20 }, () => tokens.check(token)));
  t.equal(issuer.asked, 1);
});

void t.test('a new key counts as soon as a token is signed with it', async (t) => {
  const issuer = await Issuer.start(t);
  const tokens = follow(t, issuer, { cooldown: 0 });
  await tokens.check(await issuer.token());
  const two = await makeKey('two');
  await issuer.publish(issuer.key, two);
  t.match(await tokens.check(await sign(two)), { logs: ['tenant/acme/'] });
});

void t.test('a key that was taken back stops counting with the next fetch', async (t) => {
  const issuer = await Issuer.start(t);
  const tokens = follow(t, issuer, { refresh: 20 });
  const token = await issuer.token();
  await tokens.check(token);
  await issuer.publish(await makeKey('two'));
  const { asked } = issuer;
  await until(() => issuer.asked > asked + 1, 'a fetch after that');
  await t.rejects(tokens.check(token), { name: 'Refusal', status: 401 });
});

void t.test('threat: tokens of made-up keys make a relay ask the issuer without end', async (t) => {
  const issuer = await Issuer.start(t);
  const tokens = follow(t, issuer);
  await tokens.check(await issuer.token());
  for (let i = 0; i < 20; i += 1) {
    await t.rejects(tokens.check(await sign({ ...issuer.key, kid: `made up ${i}` })), {
      name: 'Refusal',
      status: 401,
    });
  }
  t.equal(issuer.asked, 1, 'the cool-down holds');
});

void t.test('an outage leaves the known keys, is told once, and hides no new key for ever', async (t) => {
  const issuer = await Issuer.start(t);
  const told: string[] = [];
  const tokens = follow(
    t,
    issuer,
    { cooldown: 0 },
    { onKeysProblem: () => told.push('down'), onKeysRecovered: () => told.push('up') },
  );
  await tokens.check(await issuer.token());
  issuer.down = true;
  const two = await makeKey('two');
  await issuer.publish(issuer.key, two);
  for (let i = 0; i < 3; i += 1) {
    t.ok(await tokens.check(await issuer.token()), 'known keys count');
    await t.rejects(tokens.check(await sign(two)), {
      name: 'Refusal',
      status: 503,
      headers: { 'Retry-After': /\d/ },
    });
  }
  issuer.down = false;
  t.ok(await tokens.check(await sign(two)));
  t.strictSame(told, ['down', 'up']);
});

void t.test(
  'an issuer that is down at the start is asked again, and until then nobody is let in',
  async (t) => {
    const issuer = await Issuer.start(t);
    issuer.down = true;
    const tokens = follow(t, issuer, { cooldown: 0 });
    const token = await issuer.token();
    await t.rejects(tokens.check(token), { name: 'Refusal', status: 503 });
    issuer.down = false;
    t.ok(await tokens.check(token));
  },
);

void t.test('a token that names no key is checked with each that it fits', async (t) => {
  const issuer = await Issuer.start(t);
  const two = await makeKey('two');
  await issuer.publish(issuer.key, two);
  const tokens = follow(t, issuer);
  const { kid: _, ...nameless } = two;
  t.ok(await tokens.check(await sign(nameless as typeof two)));
});

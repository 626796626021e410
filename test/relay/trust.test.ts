import { writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { generateKeyPair, writeKeyPair } from '../../cluster/curve/index.js';
import { Trust, type TrustOptions } from '../../relay/trust.js';
import { until } from '../support/relay.js';

const [OWN, A, B] = [generateKeyPair(), generateKeyPair().publicKey, generateKeyPair().publicKey];
const NEAR = 'tcp://127.0.0.1:5556';
const FAR = 'tcp://10.0.0.1:5556';

async function open(t: Test, options: Partial<TrustOptions> = {}) {
  const trust = await Trust.open({
    curveSecretKey: undefined,
    curveServerKey: undefined,
    curveAllow: undefined,
    insecure: false,
    ...options,
  });
  t.teardown(() => trust.close());
  return trust;
}

function ownKey(t: Test): string {
  const path = `${t.testdir()}/own`;
  writeKeyPair(path, OWN);
  return path;
}

void t.test('without a key of its own a relay reads what is on this machine, in clear', async (t) => {
  const trust = await open(t);
  t.strictSame(trust.judge({ subscribe: NEAR }), {});
  t.match(trust.judge({ subscribe: FAR }), {
    problem: /on another machine.*--curve-secret-key, or say --insecure/,
  });
  t.match(trust.judge({ subscribe: NEAR, curveKey: A }), { problem: /speaks CURVE/ });
  const insecure = await open(t, { insecure: true });
  t.strictSame(insecure.judge({ subscribe: FAR }), {});
});

void t.test('with one it speaks CURVE to each consolidator, by that one’s own key', async (t) => {
  const trust = await open(t, { curveSecretKey: ownKey(t), curveServerKey: B });
  t.strictSame(trust.judge({ subscribe: FAR, curveKey: A }), { curve: { keys: OWN, serverKey: A } });
  t.strictSame(
    trust.judge({ subscribe: FAR }),
    { curve: { keys: OWN, serverKey: B } },
    'an entry that names none',
  );
});

void t.test('threat: a directory that leaves a key out, to have the relay speak in clear', async (t) => {
  const trust = await open(t, { curveSecretKey: ownKey(t), insecure: true });
  for (const subscribe of [NEAR, FAR])
    t.match(trust.judge({ subscribe }), { problem: /Its key is not known/ });
});

void t.test('threat: a directory that names a key of its own', async (t) => {
  const curveSecretKey = ownKey(t);
  const curveAllow = `${curveSecretKey}.allow`;
  writeFileSync(curveAllow, `${A} vm-1\n`);
  const trust = await open(t, { curveSecretKey, curveAllow });
  t.match(trust.judge({ subscribe: FAR, curveKey: A }), { curve: { serverKey: A } });
  t.match(trust.judge({ subscribe: FAR, curveKey: B }), { problem: /is not on the allow-list/ });
  let changed = 0;
  trust.onChange = () => (changed += 1);
  writeFileSync(curveAllow, `${B} vm-2\n`);
  await until(() => changed > 0, 'the list was read again');
  t.match(trust.judge({ subscribe: FAR, curveKey: A }), { problem: /is not on the allow-list/ });
  t.match(trust.judge({ subscribe: FAR, curveKey: B }), { curve: { serverKey: B } });
});

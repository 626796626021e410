import { renameSync, writeFileSync } from 'node:fs';
import { exportSPKI } from 'jose';
import t from 'tap';
import { openGate } from '../../../relay/auth/index.js';
import { resolveAuthOptions } from '../../../relay/auth/options.js';
import { makeKey, sign } from '../../support/issuer.js';
import { until } from '../../support/relay.js';

void t.test('a PEM file is read again when it changes; one that is broken changes nothing', async (t) => {
  const [old, next] = [await makeKey('old', 'ES256'), await makeKey('next', 'EdDSA')];
  const file = `${t.testdir()}/keys.pem`;
  const write = (text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  write(await exportSPKI(old.publicKey));
  const problems: string[] = [];
  let recovered = 0;
  const gate = await openGate(resolveAuthOptions({ jwtKeyFile: file }), {
    onOwnTickets: () => {},
    onKeysProblem: ({ message }) => problems.push(message),
    onKeysRecovered: () => (recovered += 1),
  });
  t.teardown(() => gate.close());
  const isGood = async (key: typeof old) => {
    const token = await sign(key, { scope: 'spillway:admin' });
    return gate.admitOperator({ authorization: `Bearer ${token}` }).then(
      () => true,
      () => false,
    );
  };
  t.strictSame([await isGood(old), await isGood(next)], [true, false]);
  write('no key at all');
  await until(() => problems.length > 0, 'it is told of');
  t.match(problems[0], /0 public keys/);
  t.ok(await isGood(old), 'what was known goes on counting');
  write(await exportSPKI(next.publicKey));
  await until(() => recovered > 0, 'it is good again');
  t.strictSame([await isGood(old), await isGood(next)], [false, true]);
});

import { generateKeyPairSync } from 'node:crypto';
import { exportPKCS8, exportSPKI } from 'jose';
import t from 'tap';
import { pemKeys } from '../../../relay/auth/pem-keys.js';
import { Tokens } from '../../../relay/auth/tokens.js';
import { makeKey, sign } from '../../support/issuer.js';

void t.test('the algorithms that count are those of the key, and no others', async (t) => {
  for (const [alg, expected] of [
    ['RS256', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['ES256', ['ES256']],
    ['ES384', ['ES384']],
    ['ES512', ['ES512']],
    ['EdDSA', ['EdDSA', 'Ed25519']],
  ] as const) {
    const key = await makeKey('one', alg);
    const keys = pemKeys(await exportSPKI(key.publicKey), 'key.pem');
    t.strictSame(keys.algorithms, expected);
    t.ok(await new Tokens(keys, { leeway: 0 }).check(await sign(key)), alg);
  }
});

void t.test('several keys may stand in one file, for a rotation', async (t) => {
  const [one, two, other] = [
    await makeKey('one', 'RS256'),
    await makeKey('two', 'EdDSA'),
    await makeKey('x', 'RS256'),
  ];
  const pem = (await Promise.all([one, two].map(({ publicKey }) => exportSPKI(publicKey)))).join('\n');
  const tokens = new Tokens(pemKeys(pem, 'key.pem'), { leeway: 0 });
  t.ok(await tokens.check(await sign(one)));
  t.ok(await tokens.check(await sign(two)));
  await t.rejects(tokens.check(await sign(other)), { name: 'Refusal', status: 401 });
});

void t.test('a file that holds the wrong thing is refused in words', async (t) => {
  const key = await makeKey('one');
  const spki = await exportSPKI(key.publicKey);
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  }) as string;
  for (const [text, message] of [
    [await exportPKCS8(key.privateKey), /private key.*public one/],
    ['', /0 public keys/],
    ['c2VjcmV0', /0 public keys/],
    [spki.repeat(5), /5 public keys/],
    [weak, /RSA of 2048 bits or more/],
    [spki.replace(/MF/, 'XX'), /cannot be read/],
  ] as const) {
    t.throws(() => pemKeys(text, 'key.pem'), { name: 'AuthError', code: 'key', message });
  }
});

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { isOpen, wayOutOf } from '../../../cluster/curve/key-file.js';
import { generateKeyPair, readKeyPair, readPublicKey, writeKeyPair } from '../../../cluster/curve/index.js';

const PAIR = generateKeyPair();

void t.test('a key pair is written and read, the secret for its owner alone', async (t) => {
  const path = `${t.testdir()}/relay`;
  writeKeyPair(path, PAIR);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.strictSame(readKeyPair(path), PAIR);
  t.equal(readPublicKey(`${path}.pub`), PAIR.publicKey);
  t.equal(readPublicKey(PAIR.publicKey), PAIR.publicKey, 'the key itself will do');
});

void t.test('nothing is overwritten, and no half pair stays', async (t) => {
  const path = `${t.testdir({ taken: 'precious', 'other.pub': 'precious' })}/taken`;
  t.throws(() => writeKeyPair(path, PAIR), {
    code: 'key',
    message: /taken is there already and is not overwritten/,
  });
  t.equal(readFileSync(path, 'utf8'), 'precious');
  const other = path.replace('taken', 'other');
  t.throws(() => writeKeyPair(other, PAIR), { message: /other\.pub is there already/ });
  t.throws(() => statSync(other), { code: 'ENOENT' });
});

void t.test('threat: a secret key that others may read', async (t) => {
  const path = `${t.testdir()}/key`;
  writeKeyPair(path, PAIR);
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(path, mode);
    t.throws(() => readKeyPair(path), {
      code: 'key',
      message: `The secret key ${path} is open to others than its owner (mode ${mode.toString(8)}): chmod 600 ${path}`,
    });
  }
  chmodSync(path, 0o400);
  t.strictSame(readKeyPair(path), PAIR);
});

void t.test('a key that root gave to our group to read is ours, and nobody else’s', async (t) => {
  const us = 65_532;
  t.notOk(isOpen(0o100440, 0, us), 'as Kubernetes mounts a secret for a process that is not root');
  for (const mode of [0o444, 0o460, 0o441]) t.ok(isOpen(mode, 0, us), mode.toString(8));
  t.ok(isOpen(0o440, us, us), 'our own file needs no group');
  t.ok(isOpen(0o440, 0, 0), 'nor does root');
  t.ok(isOpen(0o440, 1_000, us), 'another user is not trusted with it');
});

void t.test('what is no key file is refused, and what it says is not repeated', async (t) => {
  const folder = t.testdir();
  const path = `${folder}/key`;
  for (const [text, says] of [
    ['', /must hold one key and holds 0/],
    [`${PAIR.publicKey}\n${PAIR.publicKey}\n`, /holds 2/],
    ['hunter2\n', /line 1 does not begin with a CURVE key/],
    ['x'.repeat(100_000), /is no key file/],
  ] as const) {
    writeFileSync(path, text, { mode: 0o600 });
    t.throws(() => readKeyPair(path), { code: 'key', message: says });
    t.throws(() => readPublicKey(path), { message: /^((?!hunter2)[^])*$/ });
  }
  t.throws(() => readKeyPair(`${folder}/absent`), { code: 'key', message: /make one with spillway keygen/ });
});

void t.test('the public key in the place of the secret one is told of, not its mode', async (t) => {
  const path = `${t.testdir()}/relay`;
  writeKeyPair(path, PAIR);
  t.throws(() => readKeyPair(`${path}.pub`), {
    code: 'key',
    message: `${path}.pub is the public key: the secret one is ${path}.`,
  });
});

void t.test('a key that cannot be opened is to be made only where there is none', async (t) => {
  t.match(wayOutOf('ENOENT', undefined, 1_000), /keygen/);
  t.match(wayOutOf('EACCES', 0, 1_000), /belongs to user 0 and this one is 1000, so chown it/);
  t.match(wayOutOf('EACCES', 1_000, 1_000), /chmod 600/);
  t.match(wayOutOf('EACCES', undefined, 1_000), /its folder/);
  t.equal(wayOutOf('ELOOP', undefined, 1_000), '');
});

import fc from 'fast-check';
import t from 'tap';
import { curveKeyPair } from 'zeromq';
import { generateKeyPair, isCurveKey, keyPairOf } from '../../../cluster/curve/index.js';
import { decodeZ85, encodeZ85 } from '../../../cluster/curve/z85.js';

void t.test('Z85 agrees with the example of ZeroMQ RFC 32', async (t) => {
  const bytes = Buffer.from('864fd26fb559f75b', 'hex');
  t.equal(encodeZ85(bytes), 'HelloWorld');
  t.strictSame(decodeZ85('HelloWorld'), bytes);
});

void t.test('Z85 gives back what it took', async () => {
  const words = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 16 });
  fc.assert(
    fc.property(words, (words) => {
      const bytes = Buffer.concat(words);
      return decodeZ85(encodeZ85(bytes))?.equals(bytes) === true;
    }),
  );
});

void t.test('what is no Z85 has no bytes', async (t) => {
  for (const text of ['Hello World', 'HelloWorl', '#####', 'Hell"', 'Hellö'])
    t.equal(decodeZ85(text), undefined, text);
  t.notOk(isCurveKey('#'.repeat(40)), 'a group above 2^32');
  t.notOk(isCurveKey('0'.repeat(35)), 'too short');
});

void t.test('the public key of a secret one is what libzmq says', async (t) => {
  // From libzmq's own tests.
  t.strictSame(keyPairOf('D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs'), {
    publicKey: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID',
    secretKey: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs',
  });
  for (let i = 0; i < 20; i += 1) {
    const { publicKey, secretKey } = curveKeyPair();
    t.strictSame(keyPairOf(secretKey), { publicKey, secretKey });
  }
});

void t.test(
  'a new pair belongs together, and its public key looks like no option, path or comment',
  async (t) => {
    for (let i = 0; i < 50; i += 1) {
      const pair = generateKeyPair();
      t.match(pair.publicKey, /^[0-9A-Za-z]/);
      t.strictSame(keyPairOf(pair.secretKey), pair);
    }
    t.throws(() => keyPairOf('no key'), { code: 'key', message: /spillway keygen/ });
  },
);

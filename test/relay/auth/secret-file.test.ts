import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { readSecretFile } from '../../../relay/auth/secret-file.js';
import { secretKey } from '../../../relay/auth/secret-key.js';

const SECRET = 'a'.repeat(32);

async function fileWith(folder: string, text: string, mode = 0o600): Promise<string> {
  const file = join(folder, 'secret');
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

void t.test('a secret is what stands in its file, but for the last newline', async (t) => {
  const folder = t.testdir();
  for (const [text, expected] of [
    [SECRET, SECRET],
    [`${SECRET}\n`, SECRET],
    [`${SECRET}\r\n`, SECRET],
    [`${SECRET}\n\n`, `${SECRET}\n`],
    [` ${SECRET} `, ` ${SECRET} `],
  ] as const) {
    t.equal(String(await readSecretFile('x', await fileWith(folder, text))), expected);
  }
});

void t.test('a secret that is none is refused, and not shown', async (t) => {
  const folder = t.testdir();
  const refuses = async (text: string, mode: number, message: RegExp) => {
    const error = (await readSecretFile('jwt-secret-file', await fileWith(folder, text, mode)).catch(
      (error: unknown) => error,
    )) as Error;
    t.match(error, { name: 'AuthError', code: 'key', message });
    t.notOk(error.message.includes(text.slice(0, 8)));
  };
  await refuses('too short', 0o600, /has 9 bytes.*openssl rand/);
  await refuses(SECRET, 0o644, /chmod o-rwx/);
  await refuses(`-----BEGIN PUBLIC KEY-----\n${SECRET}`, 0o600, /--jwt-key-file/);
  await t.rejects(readSecretFile('jwt-secret-file', join(folder, 'absent')), {
    code: 'key',
    message: /--jwt-secret-file.*ENOENT/,
  });
});

void t.test('a longer hash takes a longer secret', async (t) => {
  const algorithms = [32, 48, 64].map((bytes) => secretKey(new Uint8Array(bytes)).algorithms);
  t.strictSame(algorithms, [['HS256'], ['HS256', 'HS384'], ['HS256', 'HS384', 'HS512']]);
});

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { generateKeyPair, writeKeyPair } from '../../cluster/curve/index.js';

/** The keys and lists of a deployment, as an operator makes them, in the words of each part's command. */
export interface Access {
  readonly consolidator: readonly string[];
  readonly relay: readonly string[];
  readonly sidecar: readonly string[];
  /** Of one who may read and see everything. */
  readonly headers: Readonly<Record<string, string>>;
}

/** CURVE between all parts, by key and list, and tokens for readers. @param folder where the files go */
export async function makeAccess(folder: string): Promise<Access> {
  const at = (name: string) => join(folder, name);
  for (const name of ['vm', 'relay', 'web']) {
    const pair = generateKeyPair();
    writeKeyPair(at(name), pair);
    writeFileSync(at(`${name}.keys`), `${pair.publicKey} ${name}\n`);
  }
  const secret = randomBytes(32);
  writeFileSync(at('jwt'), secret.toString('base64url'), { mode: 0o600 });
  const token = await new SignJWT({ logs: [''], scope: 'spillway:admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(secret.toString('base64url')));
  return {
    consolidator: [
      `--curve-secret-key=${at('vm')}`,
      `--curve-allow-publish=${at('web.keys')}`,
      `--curve-allow-subscribe=${at('relay.keys')}`,
    ],
    relay: [
      `--curve-secret-key=${at('relay')}`,
      `--curve-allow=${at('vm.keys')}`,
      `--jwt-secret-file=${at('jwt')}`,
    ],
    sidecar: ['--curve-secret-key', at('web'), '--curve-server-key', at('vm.pub')],
    headers: { Authorization: `Bearer ${token}` },
  };
}

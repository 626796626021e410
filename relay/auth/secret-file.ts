import { readFile, stat } from 'node:fs/promises';
import { AuthError } from './errors.js';

/** The least that HS256 may be keyed with (RFC 7518, 3.2), bytes. */
const MIN_SECRET_BYTES = 32;

/** Anybody on the machine. */
const OTHERS = 0o007;

/**
 * Reads a secret. A newline at its end is the editor's and not the secret's.
 *
 * @param option the option that names the file, for messages; these never hold what is in it
 * @throws {AuthError}
 */
export async function readSecretFile(option: string, file: string): Promise<Buffer> {
  const text = await readKeyFile(option, file);
  if (process.platform !== 'win32' && ((await stat(file)).mode & OTHERS) !== 0) {
    throw new AuthError(
      'key',
      `${file} of --${option} is open to everybody on this machine: chmod o-rwx ${file}`,
    );
  }
  if (text.includes('-----BEGIN ')) {
    throw new AuthError(
      'key',
      `${file} of --${option} holds a PEM and not a secret: a public key is for --jwt-key-file.`,
    );
  }
  const end = text.at(-1) === 0x0a ? (text.at(-2) === 0x0d ? -2 : -1) : undefined;
  const secret = text.subarray(0, end);
  if (secret.length < MIN_SECRET_BYTES) {
    throw new AuthError(
      'key',
      `The secret in ${file} of --${option} has ${secret.length} bytes, and fewer than ${MIN_SECRET_BYTES} can be guessed: make one with openssl rand -hex 32.`,
    );
  }
  return secret;
}

/** @throws {AuthError} */
export async function readKeyFile(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new AuthError('key', `The file of --${option} cannot be read (${why}): is ${file} right?`, {
      cause,
    });
  }
}

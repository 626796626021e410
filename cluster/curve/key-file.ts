import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { ClusterError } from '../errors.js';
import { parseKeyLines } from './key-lines.js';
import { isCurveKey, keyPairOf, type CurveKeyPair } from './keys.js';

/** A key file has some 100 bytes; whatever is much larger is another file. */
const MAX_KEY_FILE_BYTES = 16 * 1024;

/** What the file of a public key ends with. */
const PUBLIC = '.pub';

/**
 * Writes a secret key to `path` and its public key to `<path>.pub`; nothing that exists is overwritten.
 *
 * @throws {ClusterError} `key`
 */
export function writeKeyPair(path: string, { publicKey, secretKey }: CurveKeyPair): void {
  create(path, `# CURVE secret key of ${publicKey}\n${secretKey}\n`, 0o600);
  try {
    create(`${path}${PUBLIC}`, `${publicKey}\n`, 0o644);
  } catch (error) {
    unlinkSync(path);
    throw error;
  }
}

/**
 * The key pair whose secret key a file holds. A file that others than its owner may read is refused.
 *
 * @throws {ClusterError} `key`
 */
export function readKeyPair(path: string): CurveKeyPair {
  // By its text nobody can tell the one from the other.
  if (path.endsWith(PUBLIC))
    throw new ClusterError(
      'key',
      `${path} is the public key: the secret one is ${path.slice(0, -PUBLIC.length)}.`,
    );
  return keyPairOf(readOne(path, true));
}

/** A public key, given itself or as the file that holds it; a file that exists comes first. @throws {ClusterError} `key` */
export function readPublicKey(keyOrPath: string): string {
  if (isCurveKey(keyOrPath) && !existsSync(keyOrPath)) return keyOrPath;
  return readOne(keyOrPath, false);
}

function readOne(path: string, isSecret: boolean): string {
  const [key, ...others] = parse(path, readChecked(path, isSecret));
  if (key === undefined || others.length > 0)
    throw new ClusterError('key', `${path} must hold one key and holds ${others.length + (key ? 1 : 0)}.`);
  return key;
}

function parse(path: string, text: string): string[] {
  try {
    return parseKeyLines(text);
  } catch (cause) {
    throw new ClusterError('key', `${path}: ${(cause as Error).message}.`, { cause });
  }
}

/** By one descriptor, so that what is checked is what is read. */
function readChecked(path: string, isSecret: boolean): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const wayOut = wayOutOf(code, code === 'EACCES' ? ownerOf(path) : undefined, process.geteuid?.());
    throw new ClusterError('key', `Cannot read the key ${path} (${message})${wayOut}.`, { cause });
  }
  try {
    const { mode, uid, size } = fstatSync(fd);
    if (isSecret && isOpen(mode, uid, process.geteuid?.() ?? uid)) {
      const octal = (mode & 0o777).toString(8);
      throw new ClusterError(
        'key',
        `The secret key ${path} is open to others than its owner (mode ${octal}): chmod 600 ${path}`,
      );
    }
    if (size > MAX_KEY_FILE_BYTES)
      throw new ClusterError('key', `${path} has ${size} bytes and is no key file.`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** What to do about a key that cannot be opened, where that is known. */
export function wayOutOf(
  code: string | undefined,
  owner: number | undefined,
  us: number | undefined,
): string {
  if (code === 'ENOENT') return ': make one with spillway keygen';
  if (code !== 'EACCES') return '';
  if (owner === undefined) return ': its folder is closed to this user';
  if (owner === us) return ': chmod 600 it';
  return `: it belongs to user ${owner} and this one is ${us}, so chown it, or run as its owner`;
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/**
 * Whether others than its owner may use a file. One that root has given to our group to read is for us alone as far as
 * anybody can arrange it: that is how Kubernetes hands secrets to a process that is not root. PostgreSQL holds it so too.
 */
export function isOpen(mode: number, owner: number, us: number): boolean {
  const isGiven = owner === 0 && us !== 0;
  return (mode & (isGiven ? 0o037 : 0o077)) !== 0;
}

function create(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const what = exists
      ? `${path} is there already and is not overwritten: choose another name, or move it away`
      : `Cannot write ${path} (${(cause as Error).message})`;
    throw new ClusterError('key', `${what}.`, { cause });
  }
}

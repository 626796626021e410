import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { needs } from './programs.js';

export const needsOpenssl = () => needs('openssl', ['openssl', 'version']);

/** A certificate for 127.0.0.1 and its key, as files of a folder. */
export function makeCertificate(folder: string, name = 'tls'): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { status, stderr } = spawnSync('openssl', [...kind, ...names, '-keyout', key, '-out', cert], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return { cert, key };
}

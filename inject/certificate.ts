import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { InjectError } from './errors.js';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws {InjectError} `certificate`: a file cannot be read, or the two do not belong together */
export function readCertificate(files: CertificateFiles): Certificate {
  try {
    const certificate = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new InjectError(
      'certificate',
      `The certificate ${files.cert} with the key ${files.key} cannot be used (${reason}): give the PEM files of a certificate and its own key.`,
      { cause },
    );
  }
}

/**
 * Looks every `intervalMs` whether the files hold another certificate. By reading and not by a watch: a secret that
 * Kubernetes mounts changes by a link two folders up. One that cannot be used, as while only one of the two has been
 * written, is told of once and the old one stays.
 *
 * @returns stops it
 */
export function followCertificate(
  files: CertificateFiles,
  first: Certificate,
  intervalMs: number,
  on: { readonly change: (certificate: Certificate) => void; readonly problem: (error: Error) => void },
): () => void {
  let known = first;
  let told = '';
  const timer = setInterval(() => {
    try {
      const found = readCertificate(files);
      told = '';
      if (found.cert.equals(known.cert) && found.key.equals(known.key)) return;
      known = found;
      on.change(found);
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) on.problem(error as Error);
      told = message;
    }
  }, intervalMs).unref();
  return () => clearInterval(timer);
}

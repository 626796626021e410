// Read before a command is launched, so this imports nothing but the error.
import { CaptureError } from './errors.js';

/** Where the lines come from, as `--source` says it. */
export type Source =
  | { readonly kind: 'exec' }
  | { readonly kind: 'stdin' }
  /** Without `stderr`, everything counts as standard output. */
  | { readonly kind: 'fifo'; readonly stdout: string; readonly stderr?: string }
  /** `socket`: path of the engine's socket. */
  | { readonly kind: 'docker'; readonly container: string; readonly socket?: string }
  /** `path`: a file, a folder, or a pattern with `*` and `?`. */
  | { readonly kind: 'cri'; readonly path: string };

/** Of what an engine or a file holds already, the output of so long before is handed over, ms. */
export const DEFAULT_HISTORY_MS = 10_000;
/** Most containers that one sidecar follows. A kubelet runs 110 pods by default. */
export const DEFAULT_MAX_CONTAINERS = 400;

export type SourceKind = Source['kind'];

const FORMS = 'exec, stdin, fifo:<out>[,<err>], docker:<container>[@<socket>] or cri:<file, folder or glob>';

/** @throws {CaptureError} `source`: it has none of the five forms */
export function parseSource(text: string): Source {
  const colon = text.indexOf(':');
  const kind = colon === -1 ? text : text.slice(0, colon);
  const where = colon === -1 ? '' : text.slice(colon + 1);
  switch (kind) {
    case 'exec':
    case 'stdin':
      if (colon === -1) return { kind };
      break;
    case 'fifo': {
      const [stdout, stderr, ...more] = where.split(',');
      if (stdout && stderr !== '' && more.length === 0)
        return stderr === undefined ? { kind, stdout } : { kind, stdout, stderr };
      break;
    }
    case 'docker': {
      const at = where.indexOf('@');
      const container = at === -1 ? where : where.slice(0, at);
      const socket = at === -1 ? undefined : where.slice(at + 1).replace(/^unix:\/\//, '');
      if (container !== '' && socket !== '')
        return socket === undefined ? { kind, container } : { kind, container, socket };
      break;
    }
    case 'cri':
      if (where !== '') return { kind, path: where };
  }
  throw new CaptureError('source', `a source is ${FORMS}, not ${JSON.stringify(text)}`);
}

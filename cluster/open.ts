import { watchDns, type DnsSettings, type DnsTarget } from './dns.js';
import { isHost } from './endpoint.js';
import { ClusterError } from './errors.js';
import { watchEtcd } from './etcd/watch.js';
import { watchFile } from './file.js';
import type { Lookup } from './names.js';
import type { Sink, Source } from './source.js';
import { watchStatic } from './static.js';

/** What has gone from a directory is dropped after so long, ms: one and a half leases. */
export const DEFAULT_GRACE_MS = 15_000;

/** What tests set otherwise. */
export interface SourceSettings {
  /** ms. @defaultValue 15 s */
  readonly grace?: number;
  /** How often a file or a name is looked at and an etcd tested, ms. @defaultValue each source's own */
  readonly poll?: number;
  /** How names in entries are looked up. @defaultValue as the system does */
  readonly lookup?: Lookup;
  readonly dns?: Pick<DnsSettings, 'resolver' | 'keep'>;
}

const SCHEMES = ['static:', 'file:', 'dns+srv:', 'dns:', 'etcd://', 'etcds://'] as const;

/**
 * Takes apart what may be several addresses with commas between, since some have commas of their own:
 * `etcd://a:2379,b:2379,dns:vms.internal:5556` are two.
 */
export function splitSources(words: readonly string[]): string[] {
  const sources: string[] = [];
  for (const word of words.flatMap((word) => word.split(','))) {
    const isNew = sources.length === 0 || SCHEMES.some((scheme) => word.startsWith(scheme));
    if (isNew) sources.push(word);
    else sources[sources.length - 1] += `,${word}`;
  }
  return sources;
}

/** Opens the source that an address names. @throws {ClusterError} where it names none */
export function openSource(
  url: string,
  sink: Sink,
  { grace = DEFAULT_GRACE_MS, poll, dns }: SourceSettings,
): Source {
  const scheme = SCHEMES.find((scheme) => url.startsWith(scheme));
  const rest = url.slice(scheme?.length);
  switch (scheme) {
    case 'static:':
      return watchStatic(rest, sink);
    case 'file:':
      if (rest === '' || rest.startsWith('//')) throw refuse(url, 'file:/etc/spillway/consolidators');
      return watchFile(rest, sink, poll);
    case 'dns:':
    case 'dns+srv:':
      return watchDns(parseTarget(url, scheme, rest), sink, {
        ...dns,
        grace,
        ...(poll !== undefined && { poll }),
      });
    case 'etcd://':
    case 'etcds://':
      return watchEtcd(url, sink, { grace, ...(poll !== undefined && { probe: poll }) });
    case undefined:
      throw refuse(
        url,
        'etcd://10.0.0.1:2379/spillway, dns:vms.internal:5556, dns+srv:_logs._tcp.internal or file:/path',
      );
  }
}

function parseTarget(url: string, scheme: 'dns:' | 'dns+srv:', rest: string): DnsTarget {
  if (scheme === 'dns+srv:') {
    if (isHost(rest)) return { kind: 'srv', name: rest };
    throw refuse(url, 'dns+srv:_spillway._tcp.internal');
  }
  const [, name = '', digits] = /^([^:]+):(\d{1,5})$/.exec(rest) ?? [];
  const port = Number(digits);
  if (isHost(name) && port > 0 && port < 65_536) return { kind: 'address', name, port };
  throw refuse(url, 'dns:consolidators.internal:5556');
}

function refuse(url: string, example: string): ClusterError {
  return new ClusterError(
    'url',
    `${JSON.stringify(url)} is no place to find consolidators: write ${example}.`,
  );
}

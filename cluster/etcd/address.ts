import { ClusterError } from '../errors.js';

/** Where in which etcd the consolidators are. */
export interface EtcdAddress {
  /** `http://10.0.0.1:2379`, at least one. */
  readonly origins: readonly string[];
  /** All keys of consolidators begin so: `/spillway/`. */
  readonly prefix: string;
}

const DEFAULT_PREFIX = '/spillway/';

/**
 * Reads `etcd://10.0.0.1:2379,10.0.0.2:2379/spillway`; `etcds://` speaks TLS and trusts whom Node trusts
 * (`NODE_EXTRA_CA_CERTS`).
 *
 * @throws {ClusterError} `url`
 */
export function parseEtcdAddress(url: string): EtcdAddress {
  const [, scheme, hosts = '', path = ''] = /^(etcds?):\/\/([^/@?#]+)(\/[\w./-]*)?$/.exec(url) ?? [];
  const origins = hosts.split(',').map((host) => {
    const isHostPort = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}$/.test(host);
    const origin = `${scheme === 'etcds' ? 'https' : 'http'}://${host}`;
    return isHostPort && URL.canParse(origin) ? origin : undefined;
  });
  if (scheme === undefined || origins.includes(undefined)) {
    const example = 'etcd://10.0.0.1:2379,10.0.0.2:2379/spillway';
    throw new ClusterError(
      'url',
      `${JSON.stringify(url)} names no etcd: write ${example}, without a user or a query.`,
    );
  }
  const prefix = /^\/*$/.test(path) ? DEFAULT_PREFIX : `${path.replace(/\/+$/, '')}/`;
  return { origins: origins as string[], prefix };
}

import {
  announceInEtcd,
  formatTcpEndpoint,
  isHost,
  isWildcardHost,
  parseTcpEndpoint,
  PROTOCOL_VERSION,
  type AnnounceHandlers,
  type Announcement,
  type ConsolidatorEntry,
} from '../cluster/index.js';
import { ConsolidatorError } from './errors.js';

/** A running consolidator as discovery may know it. */
export interface Announced {
  readonly node: string;
  readonly publish: string;
  readonly subscribe: string;
  readonly replay?: string;
  /** Public CURVE key in Z85. */
  readonly curveKey?: string | undefined;
}

export interface AnnounceOptions {
  /** Where to announce: `etcd://10.0.0.1:2379/spillway`. */
  readonly to: string;
  /** Address or name by which relays reach this machine; without it the address that is bound. */
  readonly advertise?: string;
}

/**
 * Tells discovery of a consolidator until closed; whatever happens to the directory, the consolidator runs on.
 *
 * @throws {ConsolidatorError} `advertise` where the address to tell leads nowhere
 * @throws {ClusterError} `url` where the directory's address cannot be read
 */
export function announceConsolidator(
  consolidator: Announced,
  { to, advertise }: AnnounceOptions,
  handlers: AnnounceHandlers = {},
): Announcement {
  return announceInEtcd(to, describe(consolidator, advertise), handlers);
}

/** What a directory is told. @throws {ConsolidatorError} `advertise` */
export function describe(
  { node, publish, subscribe, replay, curveKey }: Announced,
  advertise?: string,
): ConsolidatorEntry {
  if (advertise !== undefined && (!isHost(advertise) || isWildcardHost(advertise))) {
    throw refuse(`${JSON.stringify(advertise)} is no address that others can connect to`);
  }
  return {
    id: node,
    subscribe: reachable(subscribe, advertise),
    publish: reachable(publish, advertise),
    ...(replay !== undefined && { replay: reachable(replay, advertise) }),
    ...(curveKey !== undefined && { curveKey }),
    version: PROTOCOL_VERSION,
  };
}

function reachable(endpoint: string, advertise: string | undefined): string {
  const tcp = parseTcpEndpoint(endpoint);
  if (tcp === undefined) throw refuse(`${endpoint} is not reached from other machines`);
  const host = advertise ?? tcp.host;
  if (isWildcardHost(host)) throw refuse(`${endpoint} is bound at every address, and relays must know one`);
  return formatTcpEndpoint({ host, port: tcp.port });
}

function refuse(what: string): ConsolidatorError {
  return new ConsolidatorError(
    'advertise',
    `${what}: say with --advertise by which address or name relays reach this machine.`,
  );
}

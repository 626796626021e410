export {
  watchConsolidators,
  type Discovery,
  type DiscoveryHandlers,
  type DiscoveryProblem,
  type DiscoveryStats,
  type WatchConsolidators,
} from './discovery.js';
export {
  canonicalEndpoint,
  formatTcpEndpoint,
  isHost,
  isWildcardHost,
  parseTcpEndpoint,
  type TcpEndpoint,
} from './endpoint.js';
export { checkEntry, parseEntryText, PROTOCOL_VERSION, type ConsolidatorEntry } from './entry.js';
export { ClusterError, type ClusterErrorCode } from './errors.js';
export {
  announceInEtcd,
  type AnnounceHandlers,
  type Announcement,
  type AnnounceSettings,
} from './etcd/announce.js';
export { isLoopbackEndpoint, isLoopbackHost } from './loopback.js';
export { splitSources, type SourceSettings } from './open.js';

export { unaccounted, unaccountedInRun, type ConsumerBalance, type RunBalance } from './law.js';
export {
  addLosses,
  CONSOLIDATOR_TRANSIT,
  CONSUMER_OVERFLOW,
  isNone,
  lossesOwed,
  LOSS_KINDS,
  lossOf,
  NO_LOSSES,
  owedOf,
  RELAY_SHUTDOWN,
  RELAY_TRANSIT,
  SIDECAR_OVERFLOW,
  SILENT_SOURCES,
  subtractLosses,
  sumLosses,
  type Hop,
  type Losses,
  type LossKind,
  type Reason,
} from './losses.js';
export { missingSince, SourceAccount, type Missing, type Observation } from './source.js';
export { DEFAULT_MAX_SOURCES, Sources, type FollowedSource, type SourcesOptions } from './sources.js';

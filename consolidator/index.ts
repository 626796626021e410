export { announceConsolidator, type Announced, type AnnounceOptions } from './announce.js';
export { startConsolidator, type Consolidator, type ConsolidatorHooks } from './consolidator.js';
export { ConsolidatorError, type ConsolidatorErrorCode } from './errors.js';
export { type GuardHooks } from './guards.js';
export { Intake, type Accepted, type IntakeOptions, type IntakeStats } from './intake.js';
export {
  DEFAULT_MAX_SUBSCRIPTIONS,
  DEFAULT_PUBLISH,
  DEFAULT_RECEIVE_HWM,
  DEFAULT_RECENT_BYTES,
  DEFAULT_RECENT_RECORDS,
  DEFAULT_SEND_HWM,
  DEFAULT_SUBSCRIBE,
  resolveConsolidatorOptions,
  type ConsolidatorOptions,
} from './options.js';

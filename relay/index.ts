export {
  ADMIN_SCOPE,
  AuthError,
  DEFAULT_JWT_LEEWAY_MS,
  DEFAULT_JWKS_REFRESH_MS,
  DEFAULT_TICKET_TTL_MS,
  type AuthErrorCode,
  type AuthOptions,
  type GateHooks,
  type TicketDocument,
} from './auth/index.js';
export { RelayCore } from './core.js';
export type { Joined, JoinRequest } from './joined.js';
export { FORMATS, type Format } from './encode/index.js';
export { RelayError, type RelayErrorCode } from './errors.js';
export { type DropNotice } from './notice.js';
export {
  CONSUMER_OVERFLOW_POLICIES,
  DEFAULT_CONSUMER_HWM,
  DEFAULT_CONSUMER_HWM_BYTES,
  DEFAULT_CONSUMER_OVERFLOW,
  DEFAULT_DRAIN_SPREAD_MS,
  DEFAULT_DRAIN_TIMEOUT_MS,
  DEFAULT_FROM,
  DEFAULT_HOST,
  DEFAULT_KEEPALIVE_MS,
  DEFAULT_MAX_CONSUMERS,
  DEFAULT_MAX_CONSUMERS_PER_ADDRESS,
  DEFAULT_MAX_CONSUMERS_PER_TENANT,
  DEFAULT_MAX_HWM,
  DEFAULT_MAX_TAIL,
  DEFAULT_PORT,
  resolveRelayOptions,
  type ConsumerOverflow,
  type RelayOptions,
} from './options.js';
export { type MetricsText, type RelayHooks } from './routes.js';
export { startRelay, type Relay } from './server.js';

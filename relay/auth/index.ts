export { ADMIN_SCOPE } from './access.js';
export { AuthError, type AuthErrorCode } from './errors.js';
export { OPEN_GATE, type Admission, type Credentials, type Gate } from './gate.js';
export { openGate, type GateHooks } from './open.js';
export {
  DEFAULT_JWKS_COOLDOWN_MS,
  DEFAULT_JWKS_REFRESH_MS,
  DEFAULT_JWT_LEEWAY_MS,
  DEFAULT_TICKET_TTL_MS,
  resolveAuthOptions,
  type AuthOptions,
} from './options.js';
export { createTicketsRoute, type TicketDocument } from './tickets-route.js';
